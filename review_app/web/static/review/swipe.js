// Answering with a finger: to the right is real, to the left is fake. A second way beside the
// buttons, which it presses; a finger that goes back, or another one beside it, calls it off.

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
  #fingers = new Set();
  #start = null; // {id, x, y, at, veiled} of the one finger that may swipe
  #engaged = false;
  #way = 0; // px to the right

  constructor(root) {
    this.#root = root;
    this.#viewer = root.querySelector(".viewer");
    this.#word = root.querySelector("#swipe");
    this.#viewer.addEventListener("pointerdown", (event) => this.#down(event));
    this.#viewer.addEventListener("pointermove", (event) => this.#move(event));
    addEventListener("pointerup", (event) => this.#up(event));
    addEventListener("pointercancel", (event) => this.#leave(event));
  }

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

  #mayStart(event) {
    const { classList } = this.#viewer;
    const isAtEdge = Math.min(event.clientX, innerWidth - event.clientX) < EDGE_PX;
    if (isAtEdge || classList.contains("is-zoomed") || !isOnImage(event)) return false;
    return !event.target.closest(".is-marking") && !isDisabled(this.#button("real"));
  }

  #move(event) {
    if (event.pointerId !== this.#start?.id) return;
    const [right, down] = [event.clientX - this.#start.x, event.clientY - this.#start.y];
    if (!this.#engaged) this.#engage(event, right, down);
    if (this.#engaged) this.#follow(right);
  }

  // Whichever way the finger goes first counts; one that rested on a blurred image looks beneath.
  #engage(event, right, down) {
    if (Math.hypot(right, down) < ENGAGE_PX) return;
    const peeks = this.#start.isBlurred && event.timeStamp - this.#start.at > HOLD_MS;
    if (peeks || Math.abs(down) > Math.abs(right)) {
      this.#callOff();
      return;
    }
    this.#engaged = true;
    this.#viewer.setPointerCapture(event.pointerId);
  }

  #follow(right) {
    this.#way = right;
    const { style, classList } = this.#viewer;
    classList.add("is-swiped");
    style.setProperty("--swipe", `${right}px`);
    style.setProperty("--swipe-share", Math.min(1, Math.abs(right) / this.#enough));
    this.#word.textContent = this.#button(this.#answer).lastChild.textContent;
    this.#word.classList.toggle("is-enough", this.#isEnough);
  }

  #up(event) {
    const answers = event.pointerId === this.#start?.id && this.#engaged && this.#isEnough;
    const answer = this.#answer;
    this.#leave(event);
    if (!answers) return;
    this.#viewer.classList.remove("is-letting-go"); // the next image stands where it belongs
    this.#button(answer).click();
  }

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

  #button(answer) {
    return this.#root.querySelector(`.choice[data-do="${answer}"]`);
  }
}

function isDisabled(button) {
  return button.getAttribute("aria-disabled") === "true";
}
