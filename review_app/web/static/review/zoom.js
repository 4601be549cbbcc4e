// Zoom and pan of whatever lies in the viewer's frames: by wheel, two fingers, drag and arrow keys.

import { closest, find } from "../dom.js";
import { Emitter } from "./emitter.js";
import { isForSomethingElse } from "./keys.js";
import { ZoomGeometry } from "./zoom_geometry.js";

const STEP = 1.5;
const ARROW_PX = 80;
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @extends {Emitter<{ change: void }>} */
export class Zoom extends Emitter {
  #viewer;
  #frame;
  #lens; // a view may lie beside the image
  #geometry = new ZoomGeometry();
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
    return this.#geometry.isZoomed;
  }

  get percent() {
    return this.#geometry.percent;
  }

  get box() {
    return this.#geometry.box;
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
    this.#geometry.of(size);
    if (!keeps) this.#geometry.fit();
    this.#apply();
  }

  // The frame may have another size from now on; measured then alone, as it takes time.
  measure() {
    this.#geometry.within([this.#frame.clientWidth, this.#frame.clientHeight]);
    this.#apply();
  }

  in() {
    this.#by(STEP, 0, 0);
  }

  out() {
    this.#by(1 / STEP, 0, 0);
  }

  fit() {
    this.#geometry.fit();
    this.#apply();
  }

  /** @param {number} factor @param {number} x @param {number} y */
  #by(factor, x, y) {
    this.#geometry.by(factor, x, y);
    this.#apply();
  }

  /** @param {number} x @param {number} y */
  #pan(x, y) {
    this.#geometry.pan(x, y);
    this.#apply();
  }

  #apply() {
    const { style, classList } = this.#viewer;
    const { scale, x, y } = this.#geometry.placement;
    classList.toggle("is-zoomed", this.#geometry.isZoomed);
    classList.toggle("shows-pixels", this.#geometry.showsPixels);
    style.setProperty("--zoom", String(scale));
    style.setProperty("--pan-x", `${x}px`);
    style.setProperty("--pan-y", `${y}px`);
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

/** @param {PointerEvent} one @param {PointerEvent} other */
function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

/** @param {Event} event */
export function isOnImage(event) {
  return closest(event, ".float, .pause, .without-picture, button") === null;
}
