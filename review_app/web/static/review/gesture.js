// A gesture of the pointer counts once: the second press of a double click or double tap would be
// about an image that nobody has seen. Keys count each.

const CONTROLS = "button, a, summary, [role=option]";
const STEPS = '[data-do="zoom-in"], [data-do="zoom-out"]'; // each press is one more of them
const DOUBLE_TAP_MS = 300; // as phones tell one; of a mouse, the system says what is one
const NEAR_PX = 40;

export function countGesturesOnce() {
  let press = null; // {type, x, y, at} of the pointer that went down last
  let counted = null; // the press of the last click
  const on = (type, act) => addEventListener(type, act, { capture: true });
  on("pointerdown", ({ pointerType: type, clientX: x, clientY: y, timeStamp: at }) => {
    press = { type, x, y, at };
  });
  on("click", (event) => {
    if (event.detail === 0 || !press) return; // by key, or by a script
    const isAgain = press.type === "mouse" ? event.detail > 1 : isDoubleTap(counted, press);
    counted = press;
    const control = event.target.closest?.(CONTROLS);
    if (!isAgain || !control || control.matches(STEPS)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}

function isDoubleTap(one, other) {
  if (!one || other.at - one.at > DOUBLE_TAP_MS) return false;
  return Math.hypot(other.x - one.x, other.y - one.y) < NEAR_PX;
}
