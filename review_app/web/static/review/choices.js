// What the admin chose for this page, kept up with while it is open.

import { Emitter } from "./emitter.js";

const LOOK_MS = 10_000;

// Tells of "change" {values, tags, veil}; until the server can be reached, the page does without.
/** @extends {Emitter<{ change: PageOptions }>} */
export class Choices extends Emitter {
  #server;
  #known = ""; // as text, to be compared

  /** @param {Server} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  start() {
    this.#look();
    setInterval(() => this.#look(), LOOK_MS);
    addEventListener("focus", () => this.#look());
  }

  async #look() {
    if (document.hidden) return;
    const choices = await this.#server.choices().catch(() => null);
    const text = JSON.stringify(choices);
    if (!choices || text === this.#known) return;
    this.#known = text;
    this.tell("change", choices);
  }
}
