// The list of all keys, where a person may choose others.

import { closest, find } from "../dom.js";
import { t } from "../words.js";
import { GROUPS } from "./actions.js";
import { capOf } from "./keymap.js";

export class KeyList {
  #keymap;
  #dialog;
  #list;
  #told;
  #changing = false;
  /** @type {string | null} */
  #waiting = null; // the action that the next key press is for

  /** @param {HTMLElement} root @param {Keymap} keymap */
  constructor(root, keymap) {
    this.#keymap = keymap;
    this.#dialog = find(root, "#help", HTMLDialogElement);
    this.#list = find(root, "#key-list");
    this.#told = find(root, "#key-told");
    find(root, "#keys-change").addEventListener("click", () => this.#change(!this.#changing));
    find(root, "#keys-reset").addEventListener("click", () => this.#reset());
    this.#list.addEventListener("click", (event) => {
      const button = closest(event, "[data-action]");
      if (button) this.#wait(button.dataset.action ?? "");
    });
    this.#dialog.addEventListener("keydown", (event) => this.#press(event));
    this.#dialog.addEventListener("close", () => this.#change(false));
    keymap.on("change", () => this.#draw());
    this.#draw();
  }

  open() {
    this.#dialog.showModal();
  }

  /** @param {boolean} on */
  #change(on) {
    this.#changing = on;
    this.#waiting = null;
    find(this.#dialog, "#keys-change").setAttribute("aria-pressed", String(on));
    find(this.#dialog, "#keys-reset").hidden = !on;
    this.#say(on ? t("rekey.choose") : "");
    this.#draw();
  }

  #reset() {
    this.#waiting = null;
    this.#keymap.reset();
    this.#say(t("rekey.reset_done"));
  }

  /** @param {string} name */
  #wait(name) {
    this.#waiting = name;
    this.#say(t("rekey.press"));
    this.#draw();
    this.#buttonOf(name).focus();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const name = this.#waiting;
    if (name === null || event.key === "Shift" || event.repeat) return;
    if (event.key === "Tab") {
      this.#stopWaiting("");
      return;
    }
    event.preventDefault();
    if (event.key === "Escape") this.#stopWaiting("");
    else this.#choose(name, event);
  }

  /** @param {string} name @param {KeyboardEvent} event */
  #choose(name, event) {
    const key = this.#keymap.usable(event);
    if (key === null) {
      this.#say(t("rekey.unusable"));
      return;
    }
    const holder = this.#keymap.holderOf(key);
    if (holder && holder.name !== name) {
      this.#say(t("rekey.taken", { key: capOf(key), action: holder.words }));
      return;
    }
    this.#keymap.choose(name, key);
    this.#stopWaiting(t("rekey.chosen", { key: capOf(key) }));
  }

  /** @param {string} text */
  #stopWaiting(text) {
    const name = this.#waiting;
    this.#waiting = null;
    this.#say(text);
    this.#draw();
    if (name !== null) this.#buttonOf(name).focus();
  }

  /** @param {string} name */
  #buttonOf(name) {
    return find(this.#list, `[data-action="${name}"]`);
  }

  // A heading and a list for each group of actions.
  #draw() {
    this.#list.replaceChildren(
      ...GROUPS.flatMap(({ title, actions }) => {
        const list = document.createElement("dl");
        list.append(...actions.map((action) => this.#row(action)));
        return [Object.assign(document.createElement("h3"), { textContent: title }), list];
      }),
    );
  }

  /** @param {Action} action */
  #row({ name, words }) {
    const [place, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    const cap = document.createElement("kbd");
    const key = this.#keymap.keyOf(name);
    cap.textContent = name === this.#waiting ? "…" : capOf(key);
    term.append(this.#changing ? changeButton(name, words, cap) : cap);
    description.textContent = words;
    place.append(term, description);
    return place;
  }

  /** @param {string} text */
  #say(text) {
    this.#told.textContent = text;
  }
}

/** @param {string} name @param {string} words @param {HTMLElement} cap */
function changeButton(name, words, cap) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.action = name;
  button.setAttribute("aria-label", t("rekey.key_for", { key: cap.textContent, action: words }));
  button.append(cap);
  return button;
}
