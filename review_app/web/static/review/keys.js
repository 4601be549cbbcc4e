// From key presses and buttons to actions. Every action has both.

import { isComposing } from "../composing.js";
import { closest } from "../dom.js";

const TYPING = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button:not(#compare), a, summary, input";

// act is told an action's name and the time of the event; one that is held, its name with ":on" and
// ":off". takes comes first: it may have a key press for itself, whatever the key means otherwise.
/**
 * @param {HTMLElement} root
 * @param {Keymap} keymap
 * @param {(action: string, time?: number) => void} act
 * @param {(event: KeyboardEvent) => boolean} takes
 */
export function listen(root, keymap, act, takes) {
  /** @type {Map<string, string>} */
  const held = new Map(); // a key's place on the keyboard -> what it does while it is down
  /** @param {KeyboardEvent} event */
  const keydown = (event) => {
    if (!isForSomethingElse(event) && takes(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    // A button that has the focus repeats its click while Enter is held down.
    if (event.repeat && closest(event, "#review button")) event.preventDefault();
    const action = keymap.actionOf(event);
    if (!action || isForSomethingElse(event) || pressesControl(event)) return;
    event.preventDefault();
    if (event.repeat) return;
    if (action.held) held.set(event.code, action.name);
    act(action.held ? `${action.name}:on` : action.name, event.timeStamp);
  };
  document.addEventListener("keydown", keydown, { capture: true });
  /** @param {string} code */
  const letGo = (code) => {
    if (held.has(code)) act(`${held.get(code)}:off`);
    held.delete(code);
  };
  document.addEventListener("keyup", (event) => letGo(event.code));
  addEventListener("blur", () => [...held.keys()].forEach(letGo));
  root.addEventListener("click", (event) => {
    const button = closest(event, "[data-do]");
    if (button?.dataset.do) act(button.dataset.do, event.timeStamp);
  });
}

/** @param {KeyboardEvent} event */
function pressesControl(event) {
  return event.key === " " && Boolean(closest(event, PRESSED_BY_SPACE));
}

/** @param {KeyboardEvent} event */
export function isForSomethingElse(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isComposing(event)) return true;
  if (document.querySelector("dialog[open]")) return true;
  return Boolean(closest(event, TYPING));
}
