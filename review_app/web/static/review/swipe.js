// Answering with a finger: to the right is real, to the left is fake. A second way beside the
// buttons, which it presses; a finger that goes back, or another one beside it, calls it off.

import { closest, find } from "../dom.js";
import { HOLD_MS, Kind } from "./blur_overlay.js";
import { isOnImage } from "./zoom.js";

const ENGAGE_PX = 12; // so far sideways, and it is a swipe
const EDGE_PX = 24; // where the browser's own swipes begin
const SHARE = 0.3; // of the viewer's width: beyond it, letting go answers
const MAX_PX = 160;

export class Swipe {
  #root;
  #viewer;
  #word;
  /** @type {Set<number>} */
  #fingers = new Set();
  /** @type {{ id: number, x: number, y: number, at: number, isBlurred: boolean } | null} */
  #start = null; // {id, x, y, at, veiled} of the one finger that may swipe
  #engaged = false;
  #way = 0; // px to the right

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#viewer = find(root, ".viewer");
    this.#word = find(root, "#swipe");
    this.#viewer.addEventListener("pointerdown", (event) => this.#down(event));
    this.#viewer.addEventListener("pointermove", (event) => this.#move(event));
    addEventListener("pointerup", (event) => this.#up(event));
    addEventListener("pointercancel", (event) => this.#leave(event));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType !== "touch") return;
    this.#fingers.add(event.pointerId);
    if (this.#fingers.size > 1) this.#callOff();
    else if (this.#mayStart(event)) {
      const isBlurred = this.#viewer.dataset.veil !== Kind.NONE;
      const { pointerId: id, clientX: x, clientY: y, timeStamp: at } = event;
      this.#start = { id, x, y, at, isBlurred };
    }
  }

  /** @param {PointerEvent} event */
  #mayStart(event) {
    const { classList } = this.#viewer;
    const isAtEdge = Math.min(event.clientX, innerWidth - event.clientX) < EDGE_PX;
    if (isAtEdge || classList.contains("is-zoomed") || !isOnImage(event)) return false;
    return !closest(event, ".is-marking") && !isDisabled(this.#button("real"));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const start = this.#start;
    if (!start || event.pointerId !== start.id) return;
    const [right, down] = [event.clientX - start.x, event.clientY - start.y];
    const peeks = start.isBlurred && event.timeStamp - start.at > HOLD_MS;
    if (!this.#engaged) this.#engage(event.pointerId, right, down, peeks);
    if (this.#engaged) this.#follow(right);
  }

  // Whichever way the finger goes first counts; one that rested on a blurred image looks beneath.
  /** @param {number} pointer @param {number} right @param {number} down @param {boolean} peeks */
  #engage(pointer, right, down, peeks) {
    if (Math.hypot(right, down) < ENGAGE_PX) return;
    if (peeks || Math.abs(down) > Math.abs(right)) {
      this.#callOff();
      return;
    }
    this.#engaged = true;
    this.#viewer.setPointerCapture(pointer);
  }

  /** @param {number} right */
  #follow(right) {
    this.#way = right;
    const { style, classList } = this.#viewer;
    classList.add("is-swiped");
    style.setProperty("--swipe", `${right}px`);
    style.setProperty("--swipe-share", String(Math.min(1, Math.abs(right) / this.#enough)));
    this.#word.textContent = this.#button(this.#answer).lastChild?.textContent ?? "";
    this.#word.classList.toggle("is-enough", this.#isEnough);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const answers = event.pointerId === this.#start?.id && this.#engaged && this.#isEnough;
    const answer = this.#answer;
    this.#leave(event);
    if (!answers) return;
    this.#viewer.classList.remove("is-letting-go"); // the next image stands where it belongs
    this.#button(answer).click();
  }

  /** @param {PointerEvent} event */
  #leave(event) {
    this.#fingers.delete(event.pointerId);
    if (event.pointerId === this.#start?.id) this.#callOff();
  }

  #callOff() {
    this.#start = null;
    this.#engaged = false;
    this.#way = 0;
    const { classList, style } = this.#viewer;
    classList.toggle("is-letting-go", classList.contains("is-swiped"));
    classList.remove("is-swiped");
    style.setProperty("--swipe", "0px");
  }

  get #enough() {
    return Math.min(MAX_PX, SHARE * this.#viewer.clientWidth);
  }

  get #isEnough() {
    return Math.abs(this.#way) >= this.#enough;
  }

  get #answer() {
    return this.#way > 0 ? "real" : "fake";
  }

  /** @param {string} answer */
  #button(answer) {
    return find(this.#root, `.choice[data-do="${answer}"]`);
  }
}

/** @param {Element} button */
function isDisabled(button) {
  return button.getAttribute("aria-disabled") === "true";
}
