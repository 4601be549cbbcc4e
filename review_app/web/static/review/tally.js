// The header's numbers: how much waits, how much is done, whether all of it is saved.

import { owner } from "../site.js";
import { t } from "../words.js";
import { Emitter } from "./emitter.js";
import { State } from "./outbox.js";
import { signIn } from "./server.js";

const COUNT_MS = 30_000;
const SOON_MS = 2000; // counting costs the server more than an answer does
const SHOW_SENDING_AFTER_MS = 1500;

/** @extends {Emitter<{ change: void }>} */
export class Tally extends Emitter {
  #server;
  #outbox;
  #status;
  #since;
  #isCountDue = false;
  /** @type {number | undefined} */
  #slow; // a timer: sending is mentioned only when it takes long
  /** @type {Progress | null} */
  counts = null;

  /** @param {Person} person @param {Server} server @param {Outbox} outbox @param {Status} status */
  constructor(person, server, outbox, status) {
    super();
    this.#server = server;
    this.#outbox = outbox;
    this.#status = status;
    this.#since = sessionStart(person);
  }

  start() {
    this.#outbox.on("change", () => this.#showSaved());
    setInterval(() => this.#count(), COUNT_MS);
    this.#showSaved();
    this.#count();
  }

  countSoon() {
    if (this.#isCountDue) return;
    this.#isCountDue = true;
    setTimeout(() => {
      this.#isCountDue = false;
      this.#count();
    }, SOON_MS);
  }

  async #count() {
    if (document.hidden) return;
    try {
      this.counts = await this.#server.progress(this.#since, midnight());
    } catch {
      return; // the outbox and the prefetch tell of trouble
    }
    this.#status.setProgress(this.counts);
    this.tell("change");
  }

  #showSaved() {
    const kept = this.#outbox.entries().length;
    const state = this.#outbox.state;
    if (kept > 0 && state === State.SENDING) {
      const say = () => this.#say(t("status.saving", { kept }), false);
      this.#slow ??= setTimeout(say, SHOW_SENDING_AFTER_MS);
      return;
    }
    clearTimeout(this.#slow);
    this.#slow = undefined;
    if (kept === 0 || state === State.SAVED) this.#say(t("status.saved"), true);
    else if (state === State.SIGNED_OUT) this.#say(t("status.sign_in_again", { kept }), false, signIn());
    else if (state === State.ACCOUNT_CLOSED) this.#say(t("status.account_closed", { kept }), false);
    else if (!this.#outbox.safe) this.#say(t("status.not_saved", { kept }), false);
    else if (state === State.NOT_STORED) this.#say(t("status.not_stored", { kept }), false);
    else this.#say(t("status.retrying", { kept }), false);
  }

  /** @param {string} text @param {boolean} isFine @param {string} [address] */
  #say(text, isFine, address) {
    this.#status.setSaved(text, isFine, address);
  }
}

// Where the day began for whoever looks at this clock.
function midnight() {
  const now = new Date();
  now.setHours(0, 0, 0, 0);
  return now.toISOString();
}

// From the first page of this browser tab on.
/** @param {Person} person */
function sessionStart(person) {
  const key = `deepfake-review/since/${owner(person)}`;
  const now = new Date().toISOString();
  try {
    const known = sessionStorage.getItem(key);
    if (!known) sessionStorage.setItem(key, now);
    return known ?? now;
  } catch {
    return now;
  }
}
