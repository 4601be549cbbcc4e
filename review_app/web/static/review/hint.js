// The first-run hint: there until it is closed or the first answer is given, and never again.
export class Hint {
  #key;
  #box;

  constructor(root, person) {
    this.#key = `deepfake-review/hint/${person.id}`;
    this.#box = root.querySelector("#hint");
    this.#box.hidden = this.#wasSeen();
    root.querySelector("#hint-close").addEventListener("click", () => this.seen());
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
