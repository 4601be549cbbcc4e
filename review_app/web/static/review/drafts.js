// What somebody has begun to say beside images that they have not answered: kept in this browser for
// each person and image until it is answered, and never sent.

import { owner } from "../site.js";
import { Emitter } from "./emitter.js";
import { MAX_REGIONS, isRegion } from "./regions.js";
import { MAX_TAGS } from "./tagname.js";

const KEPT = 50; // images; the newest ones
const KEPT_MS = 3 * 86_400_000; // over a weekend
const MAX_COMMENT = 4000; // letters, as the form and the server take them
const MAX_REASON = 1000;
const STORES = [() => localStorage, () => sessionStorage]; // the second where the first is full

// Tells of "change" {item}: another tab has said more.
/** @extends {Emitter<{ change: { item: string } }>} */
export class Drafts extends Emitter {
  #prefix;
  /** @type {Map<string, string>} */
  #unkept = new Map(); // where the browser lets us keep nothing

  /** @param {Person} person */
  constructor(person) {
    super();
    this.#prefix = `deepfake-review/draft/${owner(person)}/`;
    this.#tidy();
    addEventListener("storage", ({ key }) => {
      if (!key?.startsWith(this.#prefix)) return;
      const item = key.slice(this.#prefix.length);
      this.tell("change", { item });
    });
  }

  // Undefined where nothing was begun, or only before an answer that was given since.
  /** @param {Card} card */
  of(card) {
    const draft = parsed(this.#read(this.#key(card)));
    return draft?.after === card.after ? sane(draft.said) : undefined;
  }

  /** @param {Card} card @param {Annotations} said */
  keep(card, said) {
    this.drop(card);
    const { after } = card;
    if (after === "" && isNothing(said)) return;
    const [key, text] = [this.#key(card), JSON.stringify({ after, at: Date.now(), said })];
    if (!STORES.some((store) => isStored(store, key, text))) this.#unkept.set(key, text);
  }

  /** @param {Card} card */
  drop(card) {
    this.#forget(this.#key(card));
  }

  /** @param {Card} card */
  #key({ task }) {
    return this.#prefix + task.item_id;
  }

  /** @param {string} key */
  #read(key) {
    const found = STORES.map((store) => quietly(() => store().getItem(key)));
    return this.#unkept.get(key) ?? found.find(Boolean);
  }

  /** @param {string} key */
  #forget(key) {
    this.#unkept.delete(key);
    for (const store of STORES) quietly(() => store().removeItem(key));
  }

  // Those of images that never came again.
  #tidy() {
    const keys = quietly(() => Object.keys(localStorage)) ?? [];
    const all = keys.filter((key) => key.startsWith(this.#prefix));
    const drafts = all.map((key) => ({ key, at: Number(parsed(this.#read(key))?.at) || 0 }));
    drafts.sort((one, other) => other.at - one.at);
    for (const [i, { key, at }] of drafts.entries()) {
      if (i >= KEPT || at < Date.now() - KEPT_MS) this.#forget(key);
    }
  }
}

/** @param {() => Storage} store @param {string} key @param {string} text */
function isStored(store, key, text) {
  return quietly(() => store().setItem(key, text) ?? true) ?? false;
}

// A browser may keep us from its storage, or have no room in it.
/**
 * @template T
 * @param {() => T} act
 * @returns {T | undefined}
 */
function quietly(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** @param {string | null | undefined} text */
function parsed(text) {
  return quietly(() => JSON.parse(text ?? "null")) ?? undefined;
}

/** @param {Annotations} said */
function isNothing({ comment, escalation, tags, regions }) {
  return !comment && !escalation && tags.length === 0 && regions.length === 0;
}

// What lies in a browser may have been put there by anything.
/** @param {unknown} said */
function sane(said) {
  const { comment, escalation, tags, regions } = Object(said);
  return {
    comment: cut(comment, MAX_COMMENT),
    escalation: cut(escalation, MAX_REASON) || null,
    tags: list(tags, isText, MAX_TAGS),
    regions: list(regions, isRegion, MAX_REGIONS),
  };
}

/** @param {unknown} value @returns {value is string} */
function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value @param {number} most */
function cut(value, most) {
  return isText(value) ? value.slice(0, most) : "";
}

/**
 * @template T
 * @param {unknown} values
 * @param {(value: unknown) => value is T} isOne
 * @param {number} most
 * @returns {T[]}
 */
function list(values, isOne, most) {
  return Array.isArray(values) ? values.filter(isOne).slice(0, most) : [];
}
