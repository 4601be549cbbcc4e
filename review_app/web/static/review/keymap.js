// Which key does what, for this person.

import { t } from "../words.js";
import { ACTIONS } from "./actions.js";

const LETTER_OR_DIGIT = /^(?:Key|Digit|Numpad)([A-Z0-9])$/;
const NAMES = { " ": t("keys.space"), "-": "−" };
const ARIA_NAMES = { " ": "Space", "+": "Plus" };

export class Keymap {
  #actions = new Map(); // key -> action

  constructor() {
    for (const action of ACTIONS) {
      for (const key of [action.key, ...action.also]) this.#actions.set(key, action);
    }
  }

  // The action that a key press asks for, if any.
  actionOf(event) {
    const found = this.#actions.get(event.key?.toLowerCase());
    return found ?? this.#actions.get(keyByPlace(event));
  }

  keyOf(name) {
    return ACTIONS.find((action) => action.name === name)?.key;
  }
}

// What is printed on a key, and what ARIA calls it.
export function capOf(key) {
  return NAMES[key] ?? key.toUpperCase();
}

export function ariaNameOf(key) {
  return ARIA_NAMES[key] ?? key.toUpperCase();
}

// Where the layout has another sign than the key says on most keyboards: digits on AZERTY, letters
// on Greek or Cyrillic ones.
function keyByPlace(event) {
  const sign = LETTER_OR_DIGIT.exec(event.code)?.[1].toLowerCase();
  if (sign === undefined || event.shiftKey) return undefined;
  const isForeign = event.key?.length === 1 && event.key > "~";
  return isForeign || /\d/.test(sign) ? sign : undefined;
}
