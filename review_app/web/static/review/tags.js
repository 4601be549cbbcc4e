// Kinds of manipulation, as chips in the panel; by key, the list opens and digits choose from it.

import { listed, t } from "../words.js";
import { tagName } from "./tagname.js";

const BY_DIGIT = 9;
export const MAX_TAGS = 20; // with one answer; the server takes no more

export class Tags {
  #zoomPanel;
  #say;
  #changed; // called whenever the person has chosen, or has not any more
  #section;
  #place;
  #button; // opens the panel; it tells that tags are chosen
  #offered = [];
  #next = null; // what is offered once the list closes
  #chosen = new Set();

  constructor(root, zoomPanel, say, changed) {
    this.#zoomPanel = zoomPanel;
    this.#say = say;
    this.#changed = changed;
    this.#section = root.querySelector("#tags");
    this.#place = root.querySelector("#tag-list");
    this.#button = root.querySelector('[data-do="closer"]');
    this.#place.addEventListener("click", (event) => {
      const chip = event.target.closest("button");
      if (chip) this.#toggle(chip.dataset.tag);
    });
  }

  // From now on; while somebody chooses by digit, once they are done.
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

  set value(tags) {
    this.#chosen = new Set(tags);
    this.#draw();
  }

  act(action) {
    if (action !== "tags") return false;
    if (this.#isOpen) this.close();
    else this.#open();
    return true;
  }

  takes(event) {
    if (!this.#isOpen) return false;
    const isForButton = event.key === "Enter" && event.target.closest?.("button");
    if (event.key === "Escape" || (event.key === "Enter" && !isForButton)) {
      this.close();
      return true;
    }
    const digit = /^[1-9]$/.test(event.key) ? event.key : /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    const tag = this.#all[digit - 1];
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
    const there = new Map([...this.#place.children].map((chip) => [chip.dataset.tag, chip]));
    const chips = all.map((tag) => there.get(tag) ?? makeChip(tag));
    if (chips.length !== there.size || chips.some((chip, i) => chip !== this.#place.children[i])) {
      this.#place.replaceChildren(...chips);
      chips.forEach(number);
    }
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(this.#chosen.has(chip.dataset.tag)));
    }
    this.#section.hidden = all.length === 0;
    this.#button.classList.toggle("has-content", this.#chosen.size > 0);
  }
}

function makeChip(tag) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.dataset.tag = tag;
  chip.append(document.createElement("kbd"), tagName(tag));
  return chip;
}

// The digit that chooses it; the first nine have one.
function number(chip, i) {
  const cap = chip.querySelector("kbd");
  cap.textContent = i + 1;
  cap.hidden = i >= BY_DIGIT;
}
