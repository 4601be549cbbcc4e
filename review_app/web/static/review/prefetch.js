// Keeps the deck full, and the leases on it alive.

import { Emitter } from "./emitter.js";

const HEARTBEAT_MS = 60_000;
const LOOK_AGAIN_MS = 15_000;

const Rest = Object.freeze({
  NONE: "none",
  HOLDING: "holding", // what is held goes back once the server has all answers
  FREE: "free", // nothing is held
});

/** @extends {Emitter<{ change: void, gone: void }>} */
export class Prefetch extends Emitter {
  #server;
  #deck;
  #pace;
  #unsent; // () => how many answers the server has not seen
  /** @type {Queue} */
  #queue = "waiting";
  #page = crypto.randomUUID();
  #taking = false;
  #again = false;
  /** @type {number | null} */
  #hiddenSince = null;
  /** @type {string} */
  #rest = Rest.NONE;
  /** @type {string[]} */
  #alsoHeld = []; // items in hand that are not in the deck
  /** @type {Set<string>} */
  #unwanted = new Set(); // items that were, and that the server may still hold for us
  /** @type {Error | null} */
  trouble = null; // why the last call failed

  /** @param {Server} server @param {Deck} deck @param {Pace} pace @param {() => number} unsent */
  constructor(server, deck, pace, unsent) {
    super();
    this.#server = server;
    this.#deck = deck;
    this.#pace = pace;
    this.#unsent = unsent;
  }

  start() {
    this.refill();
    setInterval(() => this.#beat(), HEARTBEAT_MS);
    setInterval(() => this.#lookAgain(), LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => this.#visible());
    addEventListener("online", () => this.refill());
    addEventListener("pageshow", (event) => event.persisted && this.#resume());
    addEventListener("pagehide", () => {
      if (this.#unsent() === 0) this.#server.release(this.#page);
    });
  }

  get queue() {
    return this.#queue;
  }

  get isTaking() {
    return this.#taking;
  }

  /** @param {Queue} queue */
  switchTo(queue) {
    this.#queue = queue;
    this.#deck.clear();
    this.refill();
  }

  get isResting() {
    return this.#rest !== Rest.NONE;
  }

  // Nothing is taken until wake(), and what is held goes back.
  rest() {
    this.#rest = Rest.HOLDING;
    this.#giveBackAll();
  }

  async wake() {
    await this.#resume();
    this.#rest = Rest.NONE;
    this.refill();
  }

  // Items that are in hand besides the deck. What is among them no longer goes back, once the server
  // has all answers.
  /** @param {string[]} items */
  set alsoHeld(items) {
    this.#unwanted = new Set([...this.#unwanted, ...this.#alsoHeld]);
    for (const item of items) this.#unwanted.delete(item);
    this.#alsoHeld = items;
    this.#giveBackUnwanted();
  }

  async refill() {
    if (this.isResting) {
      this.#giveBackAll();
      return;
    }
    if (this.#taking) {
      this.#again = true;
      return;
    }
    this.#taking = true;
    do {
      this.#again = false;
      await this.#take();
    } while (this.#again);
    this.#taking = false;
    if (this.isResting) this.#giveBackAll();
    else this.#giveBackUnwanted();
    this.tell("change");
  }

  refillIfShort() {
    this.#giveBackUnwanted();
    if (this.#deck.isShort || this.isResting) this.refill();
  }

  async #take() {
    const queue = this.#queue;
    const asked = performance.now();
    try {
      const tasks = await this.#ask(queue);
      const wanted = tasks.filter((task) => !this.#unwanted.has(task.item_id));
      if (queue === this.#queue) this.#deck.add(wanted, asked);
    } catch {
      // remembered as the trouble
    }
    this.tell("change");
  }

  // Back after a while: leases may have run out, and others may hold what we held.
  async #resume() {
    try {
      const gone = this.#deck.keepOnly(await this.#ask(this.#queue));
      if (gone) this.tell("gone");
    } catch {
      return; // the next look finds out
    }
    this.refill();
  }

  /** @param {Queue} queue */
  async #ask(queue) {
    try {
      const n = this.#pace.wanted(this.#unsent());
      const tasks = await this.#server.take(n, queue, this.#page);
      this.trouble = null;
      return tasks;
    } catch (error) {
      this.trouble = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  // Fewer than we hold: leases have run out, or were renewed for as long as they may be.
  async #beat() {
    if (document.hidden || this.isResting) return;
    const held = this.#deck.leased;
    const { items } = await this.#server.heartbeat().catch(() => ({ items: held }));
    if (items < held && this.#unsent() === 0 && !this.#taking) await this.#resume();
  }

  #lookAgain() {
    if (this.isResting) {
      this.#giveBackAll();
      return;
    }
    this.#giveBack();
    if (!document.hidden) this.refillIfShort();
  }

  // Somebody who does not answer keeps no more from others than the next few.
  #giveBack() {
    if (this.#taking || this.#unsent() > 0 || !this.#deck.trim()) return;
    this.#keepOnlyWhatIsInHand();
  }

  #giveBackUnwanted() {
    if (this.#unwanted.size === 0 || this.#taking || this.#unsent() > 0) return;
    this.#keepOnlyWhatIsInHand();
  }

  async #keepOnlyWhatIsInHand() {
    const unwanted = this.#unwanted;
    try {
      await this.#server.keepOnly(this.#page, [...this.#deck.items, ...this.#alsoHeld]);
      if (this.#unwanted === unwanted) this.#unwanted = new Set();
    } catch {
      // the next look tries again
    }
  }

  async #giveBackAll() {
    if (this.#rest !== Rest.HOLDING || this.#taking || this.#unsent() > 0) return;
    try {
      await this.#server.keepOnly(this.#page, []);
    } catch {
      return; // the next look tries again
    }
    if (this.isResting) this.#rest = Rest.FREE;
  }

  #visible() {
    if (document.hidden) this.#hiddenSince = Date.now();
    else if (!this.isResting && Date.now() - (this.#hiddenSince ?? 0) > HEARTBEAT_MS) this.#resume();
  }
}
