// Images blurred or without colour until somebody shows them, to spare whoever looks at upsetting
// ones all day. Only styles: the pixels are those that are there anyway.

import { Memory } from "./memory.js";

export const HOLD_MS = 250; // a press this long shows the image, for as long as it lasts
const STILL_PX = 10; // a finger that moves further means something else

export const Kind = Object.freeze({ NONE: "none", BLUR: "blur", GREYSCALE: "greyscale" });

export class Veil {
  #root;
  #stage;
  #note;
  #memory;
  #kind = Kind.BLUR;
  #veiled = true;
  #hasImage = false;
  #isTold = false; // what the admin wants
  #peeks = false;
  #press = null; // {x, y, timer} of a finger or mouse that rests on the image

  constructor(root, person) {
    this.#root = root;
    this.#stage = root.querySelector(".stage");
    this.#note = root.querySelector("#veil-note");
    this.#memory = new Memory("veil", person);
    this.#listen();
    this.#begin();
  }

  // What the admin wants where the person has not chosen. Until it is known, as it was last time;
  // what they choose meanwhile holds from the next image on, so that none is shown unasked.
  usually(kind) {
    if (this.#isTold) this.#memory.set("usual", kind);
    else this.#choose("usual", kind);
    this.#isTold = true;
  }

  get usual() {
    return this.#memory.get("usual") ?? Kind.BLUR; // sooner veiled for nothing than shown unasked
  }

  // The person's own choice; null where they leave it to the admin.
  get own() {
    return this.#memory.get("own") ?? null;
  }

  set own(kind) {
    this.#choose("own", kind);
  }

  #choose(whose, kind) {
    const before = this.#chosen;
    this.#memory.set(whose, kind);
    if (this.#chosen !== before) this.#begin();
  }

  get #chosen() {
    return this.own ?? this.usual;
  }

  // Another element is in the stage, or none.
  over(element) {
    this.#hasImage = element instanceof HTMLImageElement;
    this.#begin();
  }

  // Whether the action was about the veil.
  act(action) {
    if (action !== "veil") return false;
    this.#veiled = !this.#veiled;
    this.#draw();
    return true;
  }

  // As every image begins.
  #begin() {
    this.#letGo();
    const chosen = this.#chosen;
    this.#root.dataset.veil = chosen; // of all images on the page but the one under review
    this.#kind = chosen === Kind.NONE ? Kind.BLUR : chosen; // what the key draws
    this.#veiled = chosen !== Kind.NONE;
    this.#draw();
  }

  #draw() {
    const veiled = this.#veiled && !this.#peeks;
    this.#stage.dataset.veil = veiled ? this.#kind : Kind.NONE;
    this.#note.hidden = !veiled || !this.#hasImage;
    for (const words of this.#note.querySelectorAll("[data-veil-kind]")) {
      words.hidden = words.dataset.veilKind !== this.#kind;
    }
  }

  #listen() {
    this.#stage.addEventListener("pointerdown", (event) => this.#down(event));
    this.#stage.addEventListener("pointermove", (event) => this.#move(event));
    this.#stage.addEventListener("contextmenu", (event) => this.#press && event.preventDefault());
    for (const end of ["pointerup", "pointercancel", "blur"]) {
      addEventListener(end, () => this.#letGo());
    }
  }

  #down(event) {
    this.#letGo();
    if (!this.#veiled || event.button !== 0 || !event.target.closest(".frame")) return;
    const timer = setTimeout(() => this.#peek(true), HOLD_MS);
    this.#press = { x: event.clientX, y: event.clientY, timer };
  }

  #move({ clientX, clientY }) {
    if (!this.#press || this.#peeks) return;
    if (Math.hypot(clientX - this.#press.x, clientY - this.#press.y) > STILL_PX) this.#letGo();
  }

  #letGo() {
    clearTimeout(this.#press?.timer);
    this.#press = null;
    if (this.#peeks) this.#peek(false);
  }

  #peek(on) {
    this.#peeks = on;
    this.#draw();
  }
}
