// What is said beside an answer: a comment, why an admin should decide, tags, marks on the image.

import { Emitter } from "./emitter.js";
import { Marking } from "./marking.js";
import { Notes } from "./notes.js";
import { Tags } from "./tags.js";

// Tells of "change": the person has said something else.
/** @extends {Emitter<{ change: void }>} */
export class AnnotationPanel extends Emitter {
  #notes;
  #tags;
  #marking;
  /** @type {string | null} */
  #known = ""; // the value that was told, or given

  /** @param {HTMLElement} root @param {ZoomPanel} zoomPanel @param {Say} say */
  constructor(root, zoomPanel, say) {
    super();
    const changed = () => this.#changed();
    this.#notes = new Notes(root, changed);
    this.#tags = new Tags(root, zoomPanel, say, changed);
    this.#marking = new Marking(root, zoomPanel, say, changed);
  }

  // The tags that the admin has put up.
  /** @param {string[]} tags */
  offer(tags) {
    this.#tags.offer(tags);
  }

  /** @returns {Annotations} */
  get value() {
    const [tags, regions] = [this.#tags.value, this.#marking.value];
    return { ...this.#notes.value, tags, regions };
  }

  /** @param {Partial<Annotations>} said */
  set value(said) {
    this.#known = null;
    this.#notes.value = said;
    this.#tags.value = said.tags ?? [];
    this.#marking.value = said.regions ?? [];
    this.#known = JSON.stringify(this.value);
  }

  #changed() {
    const said = JSON.stringify(this.value);
    if (this.#known === null || this.#known === said) return;
    this.#known = said;
    this.tell("change");
  }

  // Whether the action was about one of them.
  /** @param {string} action */
  act(action) {
    const parts = [this.#notes, this.#tags, this.#marking];
    const acted = parts.find((part) => part.act(action));
    if (!acted) return false;
    for (const part of parts) if (part !== acted) part.close();
    return true;
  }

  // Whether a key press was for the list of tags that is open, or for the mark in hand.
  /** @param {KeyboardEvent} event */
  takes(event) {
    return this.#tags.takes(event) || this.#marking.takes(event);
  }

  close() {
    this.#notes.close();
    this.#tags.close();
    this.#marking.close();
  }
}
