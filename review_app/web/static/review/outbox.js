// Answers on their way: each lies in localStorage until the server has acknowledged it.
//
// Whatever waits is sent in one call, in order, and the next call waits for its reply, so that an
// undo never overtakes its answer. The lock is shared by the tabs of one browser: whichever holds
// it sends for all. Sending twice is harmless, as the server knows an answer by its client_id.

import { owner } from "../site.js";
import { Emitter } from "./emitter.js";
import { AccountClosed, NotStored, Refused, SignedOut } from "./server.js";

const MAX_ENTRIES = 50; // the server takes no more in one call
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

export const State = Object.freeze({
  SAVED: "saved",
  SENDING: "sending",
  RETRYING: "retrying",
  SIGNED_OUT: "signed-out",
  ACCOUNT_CLOSED: "account-closed",
  NOT_STORED: "not-stored", // as retrying; the event "unstored" has the server's words
});

/**
 * @extends {Emitter<{
 *   change: { state: string, waiting: number },
 *   stored: { entry: Entry, reply: Outcome["reply"] },
 *   refused: { entry: Entry, why: string },
 *   unstored: { why: string },
 * }>}
 */
export class Outbox extends Emitter {
  #send;
  #drawer; // waits to be sent
  #aside; // was refused; kept for the person to read
  #lock;
  /** @type {string} */
  #state = State.SAVED;
  #failures = 0;
  /** @type {number | undefined} */
  #timer;
  #pumping = false;
  #again = false;
  #n = 0;
  #most = MAX_ENTRIES;

  // send: (entries) => Promise of a Map from client_id to {reply, refusal}.
  /** @param {Person} person @param {(entries: Entry[]) => Promise<Map<string, Outcome>>} send */
  constructor(person, send) {
    super();
    this.#send = send;
    /** @type {Drawer<Entry>} */
    this.#drawer = new Drawer(`deepfake-review/outbox/${owner(person)}/`);
    /** @type {Drawer<RefusedEntry>} */
    this.#aside = new Drawer(`deepfake-review/aside/${owner(person)}/`);
    this.#lock = `deepfake-review/outbox/${owner(person)}`;
    addEventListener("online", () => this.pump());
    addEventListener("storage", () => this.#changed());
  }

  // On disk before this returns. Call pump() to have it sent.
  /** @param {NewEntry} entry */
  add(entry) {
    const stamp = String(Date.now()).padStart(15, "0");
    this.#n += 1;
    const key = `${stamp}-${String(this.#n).padStart(6, "0")}-${entry.client_id}`;
    /** @type {Entry} */
    const kept = { ...entry, key };
    this.#drawer.put(kept);
    this.#changed();
    return kept;
  }

  entries() {
    return this.#drawer.all();
  }

  refused() {
    return this.#aside.all();
  }

  /** @param {RefusedEntry} entry */
  dismiss(entry) {
    this.#aside.remove(entry);
    this.#changed();
  }

  get state() {
    return this.#state;
  }

  get safe() {
    return this.#drawer.safe;
  }

  // Take an entry back before it is sent. False where it may be on its way already.
  /** @param {Entry} entry */
  async cancel(entry) {
    return navigator.locks.request(this.#lock, { ifAvailable: true }, (lock) => {
      if (!lock || !this.#drawer.has(entry)) return false;
      this.#drawer.remove(entry);
      this.#changed();
      return true;
    });
  }

  async pump() {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#pumping = true;
    try {
      do {
        this.#again = false;
        await navigator.locks.request(this.#lock, () => this.#sendAll());
      } while (this.#again && this.#state === State.SAVED);
    } finally {
      this.#pumping = false;
    }
  }

  async #sendAll() {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      if (this.#failures === 0) this.#become(State.SENDING);
      let outcomes;
      try {
        outcomes = await this.#send(batch);
      } catch (error) {
        if (error instanceof Refused) {
          this.#refusedAsAWhole(batch, error.message);
          continue;
        }
        this.#later(stateAfter(error), error instanceof Error ? error.message : String(error));
        return;
      }
      this.#failures = 0;
      this.#most = MAX_ENTRIES;
      for (const entry of batch) this.#settle(entry, outcomes.get(entry.client_id));
    }
    this.#become(State.SAVED);
  }

  /** @param {Entry} entry @param {Outcome | undefined} outcome */
  #settle(entry, outcome) {
    if (!outcome) throw new Error(`the server says nothing of ${entry.client_id}`);
    const { reply, refusal } = outcome;
    if (!this.#drawer.has(entry)) return; // an undo, gone with the answer that was refused
    if (refusal !== undefined) {
      this.#setAside(entry, refusal);
      return;
    }
    this.#drawer.remove(entry);
    this.tell("stored", { entry, reply });
  }

  // One entry may have spoilt it for the others: sent alone, it shows which.
  /** @param {Entry[]} batch @param {string} why */
  #refusedAsAWhole(batch, why) {
    if (batch.length > 1) this.#most = 1;
    else this.#setAside(batch[0], why);
  }

  /** @param {Entry} entry @param {string} why */
  #setAside(entry, why) {
    this.#failures = 0;
    this.#drawer.remove(entry);
    // An undo of an answer that was never taken would withdraw an older one.
    for (const later of this.entries()) {
      if (later.kind === "undo" && later.of === entry.client_id) this.#drawer.remove(later);
    }
    // A skip says nothing that would have to be kept: its image comes again.
    if (!["undo", "skip"].includes(entry.kind)) this.#aside.put({ ...entry, why });
    this.tell("refused", { entry, why });
  }

  /** @param {string} state @param {string} why */
  #later(state, why) {
    if (state === State.NOT_STORED && this.#state !== state) this.tell("unstored", { why });
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => this.pump(), wait * (0.75 + Math.random() / 2));
    this.#become(state);
  }

  #next() {
    return this.entries().slice(0, this.#most);
  }

  /** @param {string} state */
  #become(state) {
    this.#state = state;
    this.#changed();
  }

  #changed() {
    this.tell("change", { state: this.#state, waiting: this.entries().length });
  }
}

/** @param {unknown} error */
function stateAfter(error) {
  if (error instanceof AccountClosed) return State.ACCOUNT_CLOSED;
  if (error instanceof SignedOut) return State.SIGNED_OUT;
  return error instanceof NotStored ? State.NOT_STORED : State.RETRYING;
}

// Entries under one prefix of localStorage, one key each, so that tabs never overwrite each other.
/** @template {Entry} T */
class Drawer {
  #prefix;
  /** @type {Map<string, T>} */
  #memory = new Map(); // where the browser lets us keep nothing
  safe = true;

  /** @param {string} prefix */
  constructor(prefix) {
    this.#prefix = prefix;
  }

  /** @param {T} entry */
  put(entry) {
    try {
      localStorage.setItem(this.#prefix + entry.key, JSON.stringify(entry));
    } catch {
      this.safe = false;
      this.#memory.set(entry.key, entry);
    }
  }

  /** @param {T} entry */
  has(entry) {
    if (this.#memory.has(entry.key)) return true;
    try {
      return localStorage.getItem(this.#prefix + entry.key) !== null;
    } catch {
      return false;
    }
  }

  /** @param {T} entry */
  remove(entry) {
    this.#memory.delete(entry.key);
    try {
      localStorage.removeItem(this.#prefix + entry.key);
    } catch {
      // then it never was there
    }
  }

  // Oldest first.
  /** @returns {T[]} */
  all() {
    const found = [...this.#memory.values()];
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(this.#prefix)) found.push(JSON.parse(localStorage.getItem(key) ?? "null"));
      }
    } catch {
      // then the memory is all there is
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
