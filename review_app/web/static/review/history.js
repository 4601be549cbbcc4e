// Answers given on this page: into the outbox, and taken back one act after the other; those that
// were given together, together.

import { afterFrame } from "./after_frame.js";

const REMEMBERED = 20; // how many acts back the page can show at once; the server knows all

export class History {
  #outbox;
  #drafts;
  #otherTabs; // the others are told
  /** @type {Given[][]} */
  #acts = []; // oldest first: lists of {entry, card}

  /** @param {Outbox} outbox @param {Drafts} drafts @param {OtherTabs} otherTabs */
  constructor(outbox, drafts, otherTabs) {
    this.#outbox = outbox;
    this.#drafts = drafts;
    this.#otherTabs = otherTabs;
  }

  // The newest answer, unless several were given together.
  get latest() {
    const given = this.#acts.at(-1);
    return given?.length === 1 ? given[0].entry : undefined;
  }

  // whatOf: (card) => what is said of it; on disk before this returns, and on its way in a moment.
  /** @param {(card: Card) => What} whatOf @param {Card[]} cards */
  give(whatOf, cards) {
    const given = cards.map((card) => ({ card, entry: this.#put(whatOf(card), card.task) }));
    for (const card of cards) this.#drafts.drop(card);
    this.#acts = [...this.#acts.slice(1 - REMEMBERED), given];
    afterFrame(() => this.#outbox.pump());
    this.#otherTabs.answered(cards.map((card) => card.task.item_id));
    return given.map(({ entry }) => entry);
  }

  // The answers of the newest act; none where the page knows of none.
  pop() {
    return this.#acts.pop() ?? [];
  }

  // False where it may be on its way already.
  /** @param {Entry} entry */
  async cancel(entry) {
    const isBack = await this.#outbox.cancel(entry);
    if (isBack && entry.item_id) this.#otherTabs.back([entry.item_id]);
    return isBack;
  }

  // Have the server take answers back; an entry of nothing means the newest it knows.
  /** @param {Partial<Entry>[]} entries */
  undo(entries) {
    for (const { client_id, item_id } of entries) {
      this.forget(item_id);
      this.#outbox.add({ kind: "undo", client_id: crypto.randomUUID(), of: client_id, item_id });
    }
    this.#outbox.pump();
    this.#otherTabs.back(entries.flatMap((entry) => entry.item_id ?? []));
  }

  /** @param {string | undefined} itemId */
  forget(itemId) {
    this.#keep(({ entry }) => entry.item_id !== itemId);
  }

  // It was refused; of which card, where the page knows.
  /** @param {string} clientId */
  strike(clientId) {
    const struck = this.#acts.flat().find(({ entry }) => entry.client_id === clientId);
    this.#keep((given) => given !== struck);
    return struck?.card;
  }

  /** @param {What} what @param {Task} task */
  #put(what, { item_id, image_url, path }) {
    const client_id = crypto.randomUUID();
    const given_at = new Date().toISOString();
    return this.#outbox.add({ ...what, client_id, item_id, image_url, path, given_at });
  }

  /** @param {(one: Given) => boolean} stays */
  #keep(stays) {
    this.#acts = this.#acts.map((given) => given.filter(stays)).filter((given) => given.length > 0);
  }
}
