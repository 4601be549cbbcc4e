// The open tabs of one person in one browser hold the same images: what is answered in one is on
// show in none.

import { owner } from "../site.js";
import { Emitter } from "./emitter.js";

// Tells of "answered" and of "back", their detail being item ids.
/** @extends {Emitter<{ answered: string[], back: string[] }>} */
export class OtherTabs extends Emitter {
  #channel;

  /** @param {Person} person */
  constructor(person) {
    super();
    this.#channel = new BroadcastChannel(`deepfake-review/tabs/${owner(person)}`);
    this.#channel.addEventListener("message", ({ data: { type, items } }) => {
      this.tell(type, items);
    });
  }

  // Answered or skipped here.
  /** @param {string[]} items */
  answered(items) {
    this.#channel.postMessage({ type: "answered", items });
  }

  // The same taken back, or not taken.
  /** @param {string[]} items */
  back(items) {
    this.#channel.postMessage({ type: "back", items });
  }
}
