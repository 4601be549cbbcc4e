// The first-run hint: there until it is closed or the first answer is given, and never again.

import { find } from "../dom.js";
import { owner } from "../site.js";

export class Hint {
  #key;
  #box;

  /** @param {HTMLElement} root @param {Person} person */
  constructor(root, person) {
    this.#key = `deepfake-review/hint/${owner(person)}`;
    this.#box = find(root, "#hint");
    this.#box.hidden = this.#wasSeen();
    find(root, "#hint-close").addEventListener("click", () => this.seen());
  }

  seen() {
    if (this.#box.hidden) return;
    this.#box.hidden = true;
    try {
      localStorage.setItem(this.#key, "seen");
    } catch {
      // then it comes again
    }
  }

  #wasSeen() {
    try {
      return localStorage.getItem(this.#key) !== null;
    } catch {
      return false;
    }
  }
}
