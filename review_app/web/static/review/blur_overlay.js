// Images blurred or without colour until somebody shows them, to spare whoever looks at upsetting
// ones all day. Only styles: the pixels are those that are there anyway.

import { closest, find, findAll } from "../dom.js";
import { Memory } from "./memory.js";

export const HOLD_MS = 250; // a press this long shows the image, for as long as it lasts
const STILL_PX = 10; // a finger that moves further means something else

/** @type {Readonly<Record<string, Kind>>} */
export const Kind = Object.freeze({ NONE: "none", BLUR: "blur", GREYSCALE: "greyscale" });

/** @param {unknown} value @returns {value is Kind} */
export function isKind(value) {
  return Object.values(Kind).some((kind) => kind === value);
}

export class BlurOverlay {
  #root;
  #viewer;
  #note;
  #memory;
  /** @type {Kind} */
  #kind = Kind.BLUR;
  #isOn = true;
  #hasImage = false;
  #isTold = false; // what the admin wants
  #peeks = false;
  /** @type {{ x: number, y: number, timer: number } | null} */
  #press = null; // {x, y, timer} of a finger or mouse that rests on the image

  /** @param {HTMLElement} root @param {Person} person */
  constructor(root, person) {
    this.#root = root;
    this.#viewer = find(root, ".viewer");
    this.#note = find(root, "#veil-note");
    this.#memory = new Memory("veil", person);
    this.#listen();
    this.#begin();
  }

  // What the admin wants where the person has not chosen. Until it is known, as it was last time;
  // what they choose meanwhile holds from the next image on, so that none is shown unasked.
  /** @param {Kind} kind */
  usually(kind) {
    if (this.#isTold) this.#memory.set("usual", kind);
    else this.#choose("usual", kind);
    this.#isTold = true;
  }

  get usual() {
    return this.#memory.get("usual") ?? Kind.BLUR; // sooner blurred for nothing than shown unasked
  }

  // The person's own choice; null where they leave it to the admin.
  get own() {
    return this.#memory.get("own") ?? null;
  }

  /** @param {Kind | null} kind */
  set own(kind) {
    this.#choose("own", kind);
  }

  /** @param {"own" | "usual"} whose @param {Kind | null} kind */
  #choose(whose, kind) {
    const before = this.#chosen;
    this.#memory.set(whose, kind);
    if (this.#chosen !== before) this.#begin();
  }

  get #chosen() {
    return this.own ?? this.usual;
  }

  // Another element is in the viewer, or none.
  /** @param {Element | null} element */
  over(element) {
    this.#hasImage = element instanceof HTMLImageElement;
    this.#begin();
  }

  // Whether the action was about the overlay.
  /** @param {string} action */
  act(action) {
    if (action !== "veil") return false;
    this.#isOn = !this.#isOn;
    this.#draw();
    return true;
  }

  // As every image begins.
  #begin() {
    this.#letGo();
    const chosen = this.#chosen;
    this.#root.dataset.veil = chosen; // of all images on the page but the one under review
    this.#kind = chosen === Kind.NONE ? Kind.BLUR : chosen; // what the key draws
    this.#isOn = chosen !== Kind.NONE;
    this.#draw();
  }

  #draw() {
    const covers = this.#isOn && !this.#peeks;
    this.#viewer.dataset.veil = covers ? this.#kind : Kind.NONE;
    this.#note.hidden = !covers || !this.#hasImage;
    for (const words of findAll(this.#note, "[data-veil-kind]")) {
      words.hidden = words.dataset.veilKind !== this.#kind;
    }
  }

  #listen() {
    this.#viewer.addEventListener("pointerdown", (event) => this.#down(event));
    this.#viewer.addEventListener("pointermove", (event) => this.#move(event));
    this.#viewer.addEventListener("contextmenu", (event) => this.#press && event.preventDefault());
    for (const end of ["pointerup", "pointercancel", "blur"]) {
      addEventListener(end, () => this.#letGo());
    }
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.#letGo();
    if (!this.#isOn || event.button !== 0 || !closest(event, ".frame")) return;
    const timer = setTimeout(() => this.#peek(true), HOLD_MS);
    this.#press = { x: event.clientX, y: event.clientY, timer };
  }

  /** @param {PointerEvent} event */
  #move({ clientX, clientY }) {
    if (!this.#press || this.#peeks) return;
    if (Math.hypot(clientX - this.#press.x, clientY - this.#press.y) > STILL_PX) this.#letGo();
  }

  #letGo() {
    clearTimeout(this.#press?.timer);
    this.#press = null;
    if (this.#peeks) this.#peek(false);
  }

  /** @param {boolean} on */
  #peek(on) {
    this.#peeks = on;
    this.#draw();
  }
}
