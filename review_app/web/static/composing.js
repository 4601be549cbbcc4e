// Keys that belong to an input method: Enter takes over what it composed, Escape drops it. No page
// of ours means something by them in a text field.

import { closest } from "./dom.js";

const TEXT = "input, textarea, [contenteditable]";
const BY_INPUT_METHOD = 229; // Safari says of the last one only by this that it was

/** @param {KeyboardEvent} event */
export function isComposing(event) {
  return event.isComposing || event.keyCode === BY_INPUT_METHOD;
}

// The first to hear of each key, Gradio's fields included.
/** @param {KeyboardEvent} event */
function keep(event) {
  if (isComposing(event) && closest(event, TEXT)) event.stopImmediatePropagation();
}
addEventListener("keydown", keep, { capture: true });
