// A press of the pointer leaves the keyboard to the image: Space or Enter would press the button
// that was clicked once more, and letters would choose from the list that was opened. What Tab
// has reached keeps the keyboard; so do forms and dialogs, where the keys mean something else.

import { capture, closest } from "../dom.js";

const CONTROLS = "button, a, summary, input[type=range], input[type=checkbox]";
const LISTS = "select"; // it needs the keyboard for as long as it is open, which nobody tells
const APART = "form, dialog";
const OURS = /^(.|Arrow.*|Enter|Escape)$/; // keys that may mean something on the page
const CLOSED = "dialog:not([open])"; // what had the keyboard in it has it for a frame more

export function leaveKeysToImage() {
  let byPointer = true; // whatever happened last
  /** @type {EventTarget | null} */
  let list = null; // that the pointer has opened, and that may be closed by now
  /** @param {string} kind */
  const release = (kind) => {
    const element = document.activeElement;
    if (byPointer && element?.matches(kind) && !element.closest(APART)) leave(element);
  };
  capture("pointerdown", ({ target }) => {
    byPointer = true;
    list = target instanceof Element && target.matches(LISTS) && !target.closest(APART) ? target : null;
  });
  capture("mouseup", () => release(CONTROLS)); // also of a button that was let go of elsewhere
  capture("click", () => release(CONTROLS)); // also of a box whose name was clicked
  capture("change", () => release(`${CONTROLS}, ${LISTS}`));
  capture("keydown", (event) => {
    byPointer = false;
    if (event.key === "Tab") list = null;
    if (event.ctrlKey || event.metaKey || event.altKey || !OURS.test(event.key)) return;
    if (closest(event, CLOSED) || (list && event.target === list && !isOpen(list))) passOn(event);
  });
}

// As if it had been pressed with nothing in particular in hand.
/** @param {KeyboardEvent} event */
function passOn(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  leave(event.target);
  document.body.dispatchEvent(new KeyboardEvent(event.type, event));
}

/** @param {EventTarget | null} element */
function leave(element) {
  if (element instanceof HTMLElement || element instanceof SVGElement) element.blur();
}

/** @param {EventTarget} list */
function isOpen(list) {
  return list instanceof Element && CSS.supports("selector(:open)") && list.matches(":open");
}
