// What somebody has begun to say beside images that they have not answered: kept in this browser for
// each person and image until it is answered, and never sent.

import { Emitter } from "./emitter.js";
import { MAX_REGIONS, isRegion } from "./regions.js";
import { MAX_TAGS } from "./tags.js";

const KEPT = 50; // images; the newest ones
const KEPT_MS = 3 * 86_400_000; // over a weekend
const MAX_COMMENT = 4000; // letters, as the form and the server take them
const MAX_REASON = 1000;
const STORES = [() => localStorage, () => sessionStorage]; // the second where the first is full

// Tells of "change" {item}: another tab has said more.
export class Drafts extends Emitter {
  #prefix;
  #unkept = new Map(); // where the browser lets us keep nothing

  constructor(person) {
    super();
    this.#prefix = `deepfake-review/draft/${person.id}/`;
    this.#tidy();
    addEventListener("storage", ({ key }) => {
      if (!key?.startsWith(this.#prefix)) return;
      const item = key.slice(this.#prefix.length);
      this.tell("change", { item });
    });
  }

  // Undefined where nothing was begun, or only before an answer that was given since.
  of(card) {
    const draft = parsed(this.#read(this.#key(card)));
    return draft?.after === card.after ? sane(draft.said) : undefined;
  }

  keep(card, said) {
    this.drop(card);
    const { after } = card;
    if (after === "" && isNothing(said)) return;
    const [key, text] = [this.#key(card), JSON.stringify({ after, at: Date.now(), said })];
    if (!STORES.some((store) => isStored(store, key, text))) this.#unkept.set(key, text);
  }

  drop(card) {
    this.#forget(this.#key(card));
  }

  #key({ task }) {
    return this.#prefix + task.item_id;
  }

  #read(key) {
    const found = STORES.map((store) => quietly(() => store().getItem(key)));
    return this.#unkept.get(key) ?? found.find(Boolean);
  }

  #forget(key) {
    this.#unkept.delete(key);
    for (const store of STORES) quietly(() => store().removeItem(key));
  }

  // Those of images that never came again.
  #tidy() {
    const keys = quietly(() => Object.keys(localStorage)) ?? [];
    const all = keys.filter((key) => key.startsWith(this.#prefix));
    const times = new Map(all.map((key) => [key, Number(parsed(this.#read(key))?.at) || 0]));
    const newest = all.sort((one, other) => times.get(other) - times.get(one));
    for (const [i, key] of newest.entries()) {
      if (i >= KEPT || times.get(key) < Date.now() - KEPT_MS) this.#forget(key);
    }
  }
}

function isStored(store, key, text) {
  return quietly(() => store().setItem(key, text) ?? true) ?? false;
}

// A browser may keep us from its storage, or have no room in it.
function quietly(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function parsed(text) {
  return quietly(() => JSON.parse(text ?? null)) ?? undefined;
}

function isNothing({ comment, escalation, tags, regions }) {
  return !comment && !escalation && tags.length === 0 && regions.length === 0;
}

// What lies in a browser may have been put there by anything.
function sane(said) {
  const { comment, escalation, tags, regions } = Object(said);
  return {
    comment: cut(comment, MAX_COMMENT),
    escalation: cut(escalation, MAX_REASON) || null,
    tags: list(tags, (tag) => typeof tag === "string", MAX_TAGS),
    regions: list(regions, isRegion, MAX_REGIONS),
  };
}

function cut(value, most) {
  return typeof value === "string" ? value.slice(0, most) : "";
}

function list(values, isOne, most) {
  return Array.isArray(values) ? values.filter(isOne).slice(0, most) : [];
}
