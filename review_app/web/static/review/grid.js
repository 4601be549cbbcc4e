// A grid of images to choose from, by keys, mouse or finger; an answer for all that are chosen asks
// once whether it is meant. Knows nothing of the queue.

import { closest, find, findAll, focused } from "../dom.js";
import { t } from "../words.js";
import { isAnswer } from "./answers.js";
import { Emitter } from "./emitter.js";
import { framesOf } from "./frames.js";

// Tells of "answer": {value, chosen}, a set of item ids; and of "close".
/** @extends {Emitter<{ answer: { value: Value, chosen: Set<string> }, close: void }>} */
export class Grid extends Emitter {
  #root;
  #keymap;
  #offer; // the button that opens it
  #dialog;
  #list;
  /** @type {Value | null} */
  #asked = null; // the answer that is asked about
  /** @type {Record<string, Act>} */
  #buttons = {
    all: () => this.#chooseAll(),
    confirm: () => this.#confirm(),
    back: () => this.#back(),
    unveil: () => this.#reveal(),
    large: () => this.#enlarge(null),
    close: () => this.close(),
  };

  /** @param {HTMLElement} root @param {Keymap} keymap */
  constructor(root, keymap) {
    super();
    this.#root = root;
    this.#keymap = keymap;
    this.#offer = find(root, "#alike");
    this.#dialog = find(root, "#alike-dialog", HTMLDialogElement);
    this.#list = this.#$("#alike-list");
    this.#dialog.addEventListener("click", (event) => this.#click(event));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("cancel", (event) => this.#escape(event));
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  // How many look like the image on show; without any there is no button.
  /** @param {number} n */
  offer(n) {
    this.#offer.hidden = n === 0;
    find(this.#offer, "span").textContent = t("grid.button", { n });
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    this.#list.replaceChildren();
    this.#dialog.classList.remove("is-shown");
    this.#$('[data-grid="unveil"]').hidden = ["none", undefined].includes(this.#root.dataset.veil);
    this.#ask(null);
    this.#enlarge(null);
    this.#say(t("grid.loading"));
    this.#dialog.showModal();
  }

  // The tasks of the images, the one on show first: it alone is chosen.
  /** @param {Task[]} tasks */
  show(tasks) {
    if (tasks.length === 1) {
      this.nothing();
      return;
    }
    this.#say("");
    this.#list.replaceChildren(...tasks.map((task, i) => option(task, i, tasks.length)));
    this.#choose(this.#options[0], true);
    this.#focus(0);
  }

  nothing() {
    this.#say(t("grid.none"));
  }

  /** @param {string} words */
  failed(words) {
    this.#say(words);
  }

  close() {
    if (this.isOpen) this.#dialog.close();
  }

  #closed() {
    this.#list.replaceChildren();
    this.tell("close");
  }

  /** @param {string} selector */
  #$(selector) {
    return find(this.#dialog, selector);
  }

  get #options() {
    return findAll(this.#list, "[role=option]");
  }

  get #chosen() {
    return this.#options.filter((each) => each.ariaSelected === "true");
  }

  /** @param {string} text */
  #say(text) {
    this.#$("#alike-state").textContent = text;
  }

  // Choosing

  /** @param {HTMLElement} each @param {boolean} [on] */
  #choose(each, on = each.ariaSelected !== "true") {
    each.ariaSelected = String(on);
    const all = this.#chosen.length === this.#options.length;
    this.#$('[data-grid="all"]').textContent = all ? t("grid.clear") : t("grid.all");
    this.#$("#alike-chosen").textContent = t("grid.chosen", { n: this.#chosen.length });
  }

  #chooseAll() {
    const on = this.#chosen.length < this.#options.length;
    for (const each of this.#options) this.#choose(each, on);
  }

  /** @param {number} i */
  #focus(i) {
    const options = this.#options;
    const at = Math.max(0, Math.min(i, options.length - 1));
    for (const [j, each] of options.entries()) each.tabIndex = j === at ? 0 : -1;
    options[at]?.focus();
  }

  // The one that Tab comes to.
  get #current() {
    return this.#options.find((each) => each.tabIndex === 0);
  }

  get #columns() {
    return getComputedStyle(this.#list).gridTemplateColumns.split(" ").length;
  }

  /** @param {string} key */
  #move(key) {
    const options = this.#options;
    const at = options.findIndex((each) => each === document.activeElement);
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns, ArrowDown: this.#columns };
    steps.Home = -at;
    steps.End = options.length;
    this.#focus(at + steps[key]);
    this.#enlarge(this.#isLarge ? focused() : null);
  }

  // Looking closer

  get #isLarge() {
    return !this.#$(".large").hidden;
  }

  /** @param {HTMLElement | null} each */
  #enlarge(each) {
    const large = this.#$(".large");
    large.hidden = each === null;
    large.replaceChildren(...(each ? [picture(each.dataset.large ?? "")] : []));
  }

  #reveal() {
    this.#dialog.classList.toggle("is-shown");
  }

  // Asking

  /** @param {Value | null} value */
  #ask(value) {
    if (value && this.#chosen.length === 0) {
      this.#say(t("grid.choose_first"));
      return;
    }
    this.#asked = value;
    this.#$("#alike-ask").hidden = value === null;
    this.#$("#alike-answers").hidden = value !== null;
    if (value === null) return;
    this.#$("#alike-question").textContent = t(`grid.ask_${value}`, { n: this.#chosen.length });
    this.#$('[data-grid="confirm"]').focus();
  }

  #confirm() {
    const chosen = new Set(this.#chosen.map((each) => each.dataset.item ?? ""));
    if (this.#asked) this.tell("answer", { value: this.#asked, chosen });
  }

  #back() {
    this.#ask(null);
    this.#current?.focus();
  }

  // What the person does

  /** @param {MouseEvent} event */
  #click(event) {
    const each = closest(event, "[role=option]");
    const { grid = "", answer } = closest(event, "button")?.dataset ?? {};
    if (each) {
      this.#choose(each);
      this.#focus(this.#options.indexOf(each));
    } else if (isAnswer(answer) && this.#options.length) this.#ask(answer);
    else this.#buttons[grid]?.();
    if (event.detail > 0) this.#leaveButton();
  }

  // A press of the pointer leaves the keys to the images, or to nothing before the question is read.
  #leaveButton() {
    if (!focused()?.matches("#alike-dialog button")) return;
    const rest = this.#asked ? this.#$("#alike-ask") : this.#current;
    rest?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#asked) return;
    /** @type {HTMLElement | null | undefined} */
    const each = focused()?.closest("[role=option]");
    const isTaken = (each && this.#keyOnImage(event.key, each)) || this.#keyAnywhere(event);
    if (isTaken) event.preventDefault();
  }

  /** @param {string} key @param {HTMLElement} each */
  #keyOnImage(key, each) {
    if (/^(Arrow|Home|End)/.test(key)) this.#move(key);
    else if (key === " ") this.#choose(each);
    else if (key === "Enter") this.#enlarge(this.#isLarge ? null : each);
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  #keyAnywhere(event) {
    const action = this.#keymap.actionOf(event)?.name;
    if (isAnswer(action) && this.#options.length) this.#ask(action);
    else if (event.key.toLowerCase() === "a") this.#chooseAll();
    else if (action === "veil") this.#reveal();
    else if (action === "alike") this.close();
    else return false;
    return true;
  }

  /** @param {Event} event */
  #escape(event) {
    if (!this.#asked && !this.#isLarge) return;
    event.preventDefault();
    if (this.#asked) this.#back();
    else this.#enlarge(null);
  }
}

/** @param {Task} task @param {number} i @param {number} n */
function option(task, i, n) {
  const each = document.createElement("li");
  each.role = "option";
  each.dataset.item = task.item_id;
  each.dataset.large = task.image_url ?? "";
  each.ariaLabel = i === 0 ? t("grid.shown", { i: 1, n }) : t("grid.image", { i: i + 1, n });
  each.ariaSelected = "false";
  each.append(picture(`${task.image_url}/small`, task.image_url ?? ""));
  tellFrames(each, framesOf(task));
  return each;
}

/** @param {HTMLElement} each @param {string} words */
function tellFrames(each, words) {
  if (!words) return;
  each.ariaLabel += `, ${words}`;
  each.append(Object.assign(document.createElement("p"), { className: "frames-note", textContent: words }));
}

// Where it does not load, the other one.
/** @param {string} url @param {string} [otherwise] */
function picture(url, otherwise = "") {
  const image = new Image();
  image.alt = "";
  image.draggable = false;
  image.decoding = "async";
  if (otherwise) image.addEventListener("error", () => (image.src = otherwise), { once: true });
  image.src = url;
  return image;
}
