// Zoom and pan of whatever lies in the viewer's frames: by wheel, two fingers, drag and arrow keys.

import { closest, find } from "../dom.js";
import { Emitter } from "./emitter.js";
import { isForSomethingElse } from "./keys.js";

const STEP = 1.5;
const ARROW_PX = 80;
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const LARGEST_PIXEL = 16; // screen pixels for one of the image, at most
const PIXELS_FROM = 3; // from here on, pixels are drawn as squares

/** @extends {Emitter<{ change: void }>} */
export class Zoom extends Emitter {
  #viewer;
  #frame;
  #lens; // a view may lie beside the image
  #room = { width: 0, height: 0 }; // of the frame; measured when it changes, as it takes time
  /** @type {[width: number, height: number] | null} */
  #size = null; // [width, height] of the image in its own pixels
  #scale = 1; // 1: the whole image fits
  #x = 0; // of the image's middle from the frame's
  #y = 0;
  /** @type {Map<number, PointerEvent>} */
  #fingers = new Map(); // pointer id -> last event

  /** @param {HTMLElement} viewer */
  constructor(viewer) {
    super();
    this.#viewer = viewer;
    this.#frame = find(viewer, "#frame");
    this.#lens = find(viewer, "#lens");
    viewer.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    viewer.addEventListener("pointerdown", (event) => this.#down(event));
    viewer.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
      addEventListener(end, (event) => this.#fingers.delete(event.pointerId));
    }
    document.addEventListener("keydown", (event) => this.#arrow(event));
    new ResizeObserver(() => this.measure()).observe(this.#frame);
    this.measure();
  }

  get isZoomed() {
    return this.#scale > 1;
  }

  // How large a pixel of the image is on the screen, in percent; null where the whole image fits.
  get percent() {
    return this.isZoomed ? Math.round(100 * this.#fit * this.#scale) : null;
  }

  // Where the image lies, in pixels of the frame; null where there is none.
  get box() {
    if (!this.#size) return null;
    const [width, height] = this.#size.map((side) => side * this.#fit * this.#scale);
    const [left, top] = [(this.#room.width - width) / 2 + this.#x, (this.#room.height - height) / 2 + this.#y];
    return { left, top, width, height };
  }

  // The same where there has to be an image.
  get imageBox() {
    const { box } = this;
    if (!box) throw new Error("there is no image to measure");
    return box;
  }

  // Another image, of this size; null for none. Unless it keeps the zoom, the whole of it fits.
  /** @param {[width: number, height: number] | null} size @param {{ keeps?: boolean }} [options] */
  of(size, { keeps = false } = {}) {
    this.#size = size;
    if (!keeps) this.#scale = 1;
    this.#apply();
  }

  // The frame may have another size from now on.
  measure() {
    const { clientWidth, clientHeight } = this.#frame;
    this.#room = { width: clientWidth, height: clientHeight };
    this.#apply();
  }

  in() {
    this.#by(STEP, 0, 0);
  }

  out() {
    this.#by(1 / STEP, 0, 0);
  }

  fit() {
    this.#scale = 1;
    this.#apply();
  }

  get #fit() {
    const [width, height] = this.#size ?? [1, 1];
    return Math.min(this.#room.width / width, this.#room.height / height) || 1;
  }

  // Multiply the scale; the point (x, y) from the frame's middle stays where it is.
  /** @param {number} factor @param {number} x @param {number} y */
  #by(factor, x, y) {
    if (!this.#size) return;
    const most = Math.max(4, LARGEST_PIXEL / this.#fit);
    const scale = Math.min(most, Math.max(1, this.#scale * factor));
    const ratio = scale / this.#scale;
    this.#scale = scale;
    this.#x = x - (x - this.#x) * ratio;
    this.#y = y - (y - this.#y) * ratio;
    this.#apply();
  }

  /** @param {number} x @param {number} y */
  #pan(x, y) {
    this.#x += x;
    this.#y += y;
    this.#apply();
  }

  #apply() {
    const { style, classList } = this.#viewer;
    const scale = this.#size ? this.#fit * this.#scale : 1;
    const [width, height] = this.#size ?? [0, 0];
    this.#x = within(this.#x, (width * scale - this.#room.width) / 2);
    this.#y = within(this.#y, (height * scale - this.#room.height) / 2);
    classList.toggle("is-zoomed", this.isZoomed);
    classList.toggle("shows-pixels", this.isZoomed && scale >= PIXELS_FROM);
    style.setProperty("--zoom", String(this.#scale));
    style.setProperty("--pan-x", `${this.#x}px`);
    style.setProperty("--pan-y", `${this.#y}px`);
    this.tell("change");
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!isOnImage(event)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#by(Math.exp(-event.deltaY * lines * 0.002), ...this.#fromMiddle(event));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!isOnImage(event) || event.button !== 0) return;
    this.#fingers.set(event.pointerId, event);
    if (this.isZoomed || this.#fingers.size > 1) this.#viewer.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const other = [...this.#fingers.values()].find((one) => one.pointerId !== event.pointerId);
    this.#fingers.set(event.pointerId, event);
    if (other) this.#pinch(before, event, other);
    else if (this.isZoomed) this.#pan(event.clientX - before.clientX, event.clientY - before.clientY);
  }

  /** @param {PointerEvent} before @param {PointerEvent} now @param {PointerEvent} other */
  #pinch(before, now, other) {
    const ratio = distance(now, other) / Math.max(1, distance(before, other));
    this.#by(ratio, ...this.#fromMiddle(other));
  }

  /** @param {KeyboardEvent} event */
  #arrow(event) {
    const step = ARROWS[event.key];
    if (!step || !this.isZoomed || isForSomethingElse(event)) return;
    if (closest(event, "input")) return; // a slider moves by itself
    event.preventDefault();
    this.#pan(step[0] * ARROW_PX, step[1] * ARROW_PX);
  }

  /** @param {MouseEvent} event @returns {Point} */
  #fromMiddle({ clientX, clientY }) {
    const boxes = [this.#lens, this.#frame].map((frame) => frame.getBoundingClientRect());
    const box = boxes.find((one) => isInside(one, clientX, clientY)) ?? boxes[1];
    return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  }
}

/** @param {DOMRect} box @param {number} x @param {number} y */
function isInside({ left, top, right, bottom }, x, y) {
  return left < x && x < right && top < y && y < bottom;
}

/** @param {number} value @param {number} most */
function within(value, most) {
  const limit = Math.max(0, most);
  return Math.min(limit, Math.max(-limit, value));
}

/** @param {PointerEvent} one @param {PointerEvent} other */
function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

/** @param {Event} event */
export function isOnImage(event) {
  return closest(event, ".float, .pause, .without-picture, button") === null;
}
