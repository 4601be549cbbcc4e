// A gesture of the pointer counts once: the second press of a double click or double tap would be
// about an image that nobody has seen. Keys count each.

import { capture, closest } from "../dom.js";

const CONTROLS = "button, a, summary, [role=option]";
const STEPS = '[data-do="zoom-in"], [data-do="zoom-out"]'; // each press is one more of them
const DOUBLE_TAP_MS = 300; // as phones tell one; of a mouse, the system says what is one
const NEAR_PX = 40;

/** @typedef {{ type: string, x: number, y: number, at: number }} Press */

export function countGesturesOnce() {
  /** @type {Press | null} */
  let press = null; // {type, x, y, at} of the pointer that went down last
  /** @type {Press | null} */
  let counted = null; // the press of the last click
  capture("pointerdown", ({ pointerType: type, clientX: x, clientY: y, timeStamp: at }) => {
    press = { type, x, y, at };
  });
  capture("click", (event) => {
    if (event.detail === 0 || !press) return; // by key, or by a script
    const isAgain = press.type === "mouse" ? event.detail > 1 : isDoubleTap(counted, press);
    counted = press;
    const control = closest(event, CONTROLS);
    if (!isAgain || !control || control.matches(STEPS)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}

/** @param {Press | null} one @param {Press} other */
function isDoubleTap(one, other) {
  if (!one || other.at - one.at > DOUBLE_TAP_MS) return false;
  return Math.hypot(other.x - one.x, other.y - one.y) < NEAR_PX;
}
