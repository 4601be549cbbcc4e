// Where the window is narrow: all but the answers and undo lie behind one button.

export class More {
  #button;
  #sheet;

  constructor(root) {
    this.#button = root.querySelector("#more");
    this.#sheet = root.querySelector("#rest");
    this.#button.addEventListener("click", () => this.#open(!this.#isOpen));
    document.addEventListener("pointerdown", (event) => {
      if (!event.target.closest?.(".others")) this.close();
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

  #open(open) {
    this.#button.setAttribute("aria-expanded", String(open));
    this.#sheet.classList.toggle("is-open", open);
  }
}
