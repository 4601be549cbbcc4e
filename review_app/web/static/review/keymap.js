// Which key does what, for this person.

import { t } from "../words.js";
import { ACTIONS } from "./actions.js";
import { Emitter } from "./emitter.js";
import { Memory } from "./memory.js";

const LETTER_OR_DIGIT = /^(?:Key|Digit|Numpad)([A-Z0-9])$/;
/** @type {Record<string, string>} */
const NAMES = { " ": t("keys.space"), "-": "−" };
/** @type {Record<string, string>} */
const ARIA_NAMES = { " ": "Space", "+": "Plus" };

/** @extends {Emitter<{ change: void }>} */
export class Keymap extends Emitter {
  #memory;
  /** @type {Record<string, string>} */
  #chosen; // action name -> key, where the person chose another one
  /** @type {Map<string, Action>} */
  #actions = new Map(); // key -> action

  // Tells of "change".
  /** @param {Person} person */
  constructor(person) {
    super();
    this.#memory = new Memory("keys", person);
    this.#chosen = this.#remembered();
    this.#assign();
    this.#memory.watch(() => this.#take(this.#remembered()));
  }

  // The action that a key press asks for, if any.
  /** @param {KeyboardEvent} event */
  actionOf(event) {
    return this.#actions.get(event.key?.toLowerCase()) ?? this.#actions.get(keyByPlace(event) ?? "");
  }

  // None where the person has given it to another action, and this one has got no other.
  /** @param {string} name */
  keyOf(name) {
    const action = ACTIONS.find((one) => one.name === name);
    const key = action && (this.#chosen[name] ?? action.key);
    return key !== undefined && this.#actions.get(key) === action ? key : undefined;
  }

  /** @param {string} key */
  holderOf(key) {
    return this.#actions.get(key);
  }

  // The key of an event where it may stand for an action; else null.
  /** @param {KeyboardEvent} event */
  usable(event) {
    const key = event.key?.toLowerCase() ?? "";
    const isSign = [...key].length === 1;
    return isSign && !event.ctrlKey && !event.metaKey && !event.altKey ? key : null;
  }

  /** @param {string} name @param {string} key */
  choose(name, key) {
    this.#choose({ ...this.#remembered(), [name]: key }); // another tab may have chosen, too
  }

  // As on the first day.
  reset() {
    this.#choose({});
  }

  #remembered() {
    return this.#memory.get("chosen") ?? {};
  }

  /** @param {Record<string, string>} chosen */
  #choose(chosen) {
    this.#memory.set("chosen", chosen);
    this.#take(chosen);
  }

  /** @param {Record<string, string>} chosen */
  #take(chosen) {
    this.#chosen = chosen;
    this.#assign();
    this.tell("change");
  }

  #assign() {
    this.#actions = new Map();
    for (const action of ACTIONS) {
      const own = action.name in this.#chosen;
      for (const key of own ? [] : [action.key, ...action.also]) this.#actions.set(key, action);
    }
    for (const action of ACTIONS) {
      if (action.name in this.#chosen) this.#actions.set(this.#chosen[action.name], action);
    }
  }
}

// What is printed on a key, or a dash for none; and what ARIA calls it.
/** @param {string | undefined} key */
export function capOf(key) {
  return key === undefined ? "–" : (NAMES[key] ?? key.toUpperCase());
}

/** @param {string} key */
export function ariaNameOf(key) {
  return ARIA_NAMES[key] ?? key.toUpperCase();
}

// Where the layout has another sign than the key says on most keyboards: digits on AZERTY, letters
// on Greek or Cyrillic ones.
/** @param {KeyboardEvent} event */
function keyByPlace(event) {
  const sign = LETTER_OR_DIGIT.exec(event.code)?.[1].toLowerCase();
  if (sign === undefined || event.shiftKey) return undefined;
  const isForeign = event.key?.length === 1 && event.key > "~";
  return isForeign || /\d/.test(sign) ? sign : undefined;
}
