// What a person has chosen or done, kept in this browser under a name of its own and never sent.

import { owner } from "../site.js";

export class Memory {
  #key;
  #store;

  // store: () => localStorage, or sessionStorage for what ends with the tab.
  /** @param {string} name @param {Person} person @param {() => Storage} [store] */
  constructor(name, person, store = () => localStorage) {
    this.#key = `deepfake-review/${name}/${owner(person)}`;
    this.#store = store;
  }

  /** @param {string} name */
  get(name) {
    return this.#all()[name];
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    try {
      this.#store().setItem(this.#key, JSON.stringify({ ...this.#all(), [name]: value }));
    } catch {
      // then it is chosen anew next time
    }
  }

  // Calls back when another tab of theirs has set something.
  /** @param {Act} changed */
  watch(changed) {
    addEventListener("storage", (event) => {
      if (event.key === this.#key) changed();
    });
  }

  #all() {
    try {
      return JSON.parse(this.#store().getItem(this.#key) ?? "{}") ?? {};
    } catch {
      return {};
    }
  }
}
