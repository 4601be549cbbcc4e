// Where the window is narrow: all but the answers and undo lie behind one button.

import { closest, find } from "../dom.js";

export class More {
  #button;
  #sheet;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#button = find(root, "#more");
    this.#sheet = find(root, "#rest");
    this.#button.addEventListener("click", () => this.#open(!this.#isOpen));
    document.addEventListener("pointerdown", (event) => {
      if (!closest(event, ".others")) this.close();
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  close() {
    if (!this.#isOpen) return;
    const hadFocus = this.#sheet.contains(document.activeElement);
    this.#open(false);
    if (hadFocus) this.#button.focus();
  }

  get #isOpen() {
    return this.#button.getAttribute("aria-expanded") === "true";
  }

  /** @param {boolean} open */
  #open(open) {
    this.#button.setAttribute("aria-expanded", String(open));
    this.#sheet.classList.toggle("is-open", open);
  }
}
