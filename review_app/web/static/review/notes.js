// What is said beside an answer in words: a comment, and why an admin should decide.

import { find, focused } from "../dom.js";
import { t } from "../words.js";

// A small form over the image. It opens and closes by a button and its key.
class Note {
  #form;
  #text;
  #button;
  /** @type {HTMLElement | null} */
  #before = null; // what had the focus

  // changed: called whenever the person has changed the text.
  /** @param {HTMLElement} root @param {string} name @param {Act} changed */
  constructor(root, name, changed) {
    this.#form = find(root, `#${name}`);
    this.#text = find(this.#form, "textarea", HTMLTextAreaElement);
    this.#button = find(root, `[data-do="${name}"]`);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.close();
    });
    for (const type of ["input", "compositionend"]) {
      this.#text.addEventListener(type, (event) => {
        if (!(event instanceof InputEvent) || !event.isComposing) this.#fit();
        changed();
      });
    }
    this.#text.addEventListener("keydown", (event) => {
      const done = event.key === "Enter" && !event.shiftKey;
      if (done || event.key === "Escape") {
        event.preventDefault();
        this.close();
      }
    });
  }

  get value() {
    return this.#text.value.trim();
  }

  /** @param {string} text */
  set value(text) {
    this.#text.value = text;
    this.#fit();
    this.#mark();
  }

  toggle() {
    if (this.#form.hidden) this.open();
    else this.close();
  }

  open() {
    this.#before = focused();
    this.#form.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#text.focus();
  }

  close() {
    const hadFocus = this.#form.contains(document.activeElement);
    this.#form.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    this.#mark();
    if (!hadFocus) return;
    // Back to the button that opened it; a key opened it from nowhere in particular.
    this.#text.blur();
    this.#before?.focus();
  }

  // Browsers cut what is pasted without a word, and what is composed or filled in not at all.
  #fit() {
    const { value, maxLength } = this.#text;
    if (value.length > maxLength) this.#text.value = value.slice(0, maxLength);
    find(this.#form, ".full").textContent =
      value.length < maxLength ? "" : t("review.full", { n: maxLength });
  }

  #mark() {
    this.#button.classList.toggle("has-content", this.value !== "");
  }
}

export class Notes {
  /** @type {{ comment: Note, escalate: Note }} */
  #notes;

  /** @param {HTMLElement} root @param {Act} changed */
  constructor(root, changed) {
    /** @param {string} name */
    const note = (name) => new Note(root, name, changed);
    this.#notes = { comment: note("comment"), escalate: note("escalate") };
  }

  /** @returns {Pick<Annotations, "comment" | "escalation">} */
  get value() {
    const { comment, escalate } = this.#notes;
    return { comment: comment.value, escalation: escalate.value || null };
  }

  /** @param {Partial<Annotations>} said */
  set value({ comment = "", escalation = null }) {
    this.#notes.comment.value = comment;
    this.#notes.escalate.value = escalation ?? "";
  }

  // Whether the action was about a note.
  /** @param {string} action */
  act(action) {
    /** @type {Record<string, Note>} */
    const notes = this.#notes;
    const note = notes[action];
    if (!note) return false;
    for (const other of Object.values(this.#notes)) if (other !== note) other.close();
    note.toggle();
    return true;
  }

  close() {
    for (const note of Object.values(this.#notes)) note.close();
  }
}
