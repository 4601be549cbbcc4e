// Kinds of manipulation, as chips in the panel; by key, the list opens and digits choose from it.

import { closest, find, findAll } from "../dom.js";
import { listed, t } from "../words.js";
import { MAX_TAGS, tagName } from "./tagname.js";

const BY_DIGIT = 9;

export class Tags {
  #zoomPanel;
  #say;
  #changed; // called whenever the person has chosen, or has not any more
  #section;
  #place;
  #button; // opens the panel; it tells that tags are chosen
  /** @type {string[]} */
  #offered = [];
  /** @type {string[] | null} */
  #next = null; // what is offered once the list closes
  /** @type {Set<string>} */
  #chosen = new Set();

  /** @param {HTMLElement} root @param {ZoomPanel} zoomPanel @param {Say} say @param {Act} changed */
  constructor(root, zoomPanel, say, changed) {
    this.#zoomPanel = zoomPanel;
    this.#say = say;
    this.#changed = changed;
    this.#section = find(root, "#tags");
    this.#place = find(root, "#tag-list");
    this.#button = find(root, '[data-do="closer"]');
    this.#place.addEventListener("click", (event) => {
      const chip = closest(event, "button");
      if (chip) this.#toggle(chip.dataset.tag ?? "");
    });
  }

  // From now on; while somebody chooses by digit, once they are done.
  /** @param {string[]} tags */
  offer(tags) {
    this.#next = tags;
    if (!this.#isOpen) this.#take();
  }

  #take() {
    if (this.#next === null) return;
    this.#offered = this.#next;
    this.#next = null;
    this.#draw();
  }

  get value() {
    return [...this.#chosen];
  }

  /** @param {string[]} tags */
  set value(tags) {
    this.#chosen = new Set(tags);
    this.#draw();
  }

  /** @param {string} action */
  act(action) {
    if (action !== "tags") return false;
    if (this.#isOpen) this.close();
    else this.#open();
    return true;
  }

  /** @param {KeyboardEvent} event */
  takes(event) {
    if (!this.#isOpen) return false;
    const isForButton = event.key === "Enter" && closest(event, "button");
    if (event.key === "Escape" || (event.key === "Enter" && !isForButton)) {
      this.close();
      return true;
    }
    const digit = /^[1-9]$/.test(event.key) ? event.key : /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    const tag = this.#all[Number(digit) - 1];
    if (tag === undefined || event.shiftKey) return false;
    if (!event.repeat) this.#toggle(tag);
    return true;
  }

  close() {
    this.#section.classList.remove("is-open");
    this.#take();
  }

  // What is offered, and what was chosen while it was.
  get #all() {
    return [...new Set([...this.#offered, ...this.#chosen])];
  }

  get #isOpen() {
    return this.#section.classList.contains("is-open");
  }

  #open() {
    if (this.#all.length === 0) {
      this.#say(t("beside.no_tags"));
      return;
    }
    this.#zoomPanel.open();
    this.#section.classList.add("is-open");
    this.#section.scrollIntoView({ block: "nearest" });
    const choices = this.#all.slice(0, BY_DIGIT).map((tag, i) => `${i + 1} ${tagName(tag)}`);
    this.#say(t("beside.open", { choices: listed(choices) }));
  }

  /** @param {string} tag */
  #toggle(tag) {
    if (this.#chosen.delete(tag)) this.#say(t("beside.without", { tag: tagName(tag) }));
    else if (this.#chosen.size === MAX_TAGS) this.#say(t("beside.most_tags", { n: MAX_TAGS }));
    else {
      this.#chosen.add(tag);
      this.#say(t("beside.with", { tag: tagName(tag) }));
    }
    this.#draw();
    this.#changed();
  }

  // Chips stay the same elements, so that the one that has the focus keeps it.
  #draw() {
    const all = this.#all;
    const there = new Map(findAll(this.#place, ".chip").map((chip) => [chip.dataset.tag, chip]));
    const chips = all.map((tag) => there.get(tag) ?? makeChip(tag));
    if (chips.length !== there.size || chips.some((chip, i) => chip !== this.#place.children[i])) {
      this.#place.replaceChildren(...chips);
      chips.forEach(number);
    }
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(this.#chosen.has(chip.dataset.tag ?? "")));
    }
    this.#section.hidden = all.length === 0;
    this.#button.classList.toggle("has-content", this.#chosen.size > 0);
  }
}

/** @param {string} tag */
function makeChip(tag) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.dataset.tag = tag;
  chip.append(document.createElement("kbd"), tagName(tag));
  return chip;
}

// The digit that chooses it; the first nine have one.
/** @param {HTMLElement} chip @param {number} i */
function number(chip, i) {
  const cap = find(chip, "kbd");
  cap.textContent = String(i + 1);
  cap.hidden = i >= BY_DIGIT;
}
