// What is said beside an answer: a comment, why an admin should decide, tags, marks on the image.

import { Marking } from "./marking.js";
import { Notes } from "./notes.js";
import { Tags } from "./tags.js";

export class Beside {
  #notes;
  #tags;
  #marking;

  constructor(root, closer, say) {
    this.#notes = new Notes(root);
    this.#tags = new Tags(root, closer, say);
    this.#marking = new Marking(root, closer, say);
  }

  // The tags that the admin has put up.
  offer(tags) {
    this.#tags.offer(tags);
  }

  get value() {
    const [tags, regions] = [this.#tags.value, this.#marking.value];
    return { ...this.#notes.value, tags, regions };
  }

  set value(said) {
    this.#notes.value = said;
    this.#tags.value = said.tags ?? [];
    this.#marking.value = said.regions ?? [];
  }

  // Whether the action was about one of them.
  act(action) {
    const parts = [this.#notes, this.#tags, this.#marking];
    const acted = parts.find((part) => part.act(action));
    if (!acted) return false;
    for (const part of parts) if (part !== acted) part.close();
    return true;
  }

  // Whether a key press was for the list of tags that is open, or for the mark in hand.
  takes(event) {
    return this.#tags.takes(event) || this.#marking.takes(event);
  }

  close() {
    this.#notes.close();
    this.#tags.close();
    this.#marking.close();
  }
}
