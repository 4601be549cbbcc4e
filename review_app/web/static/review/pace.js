// How fast answers come, and how long it takes until an image that was asked for is here: together
// they say how many items to hold, so that the next image is there at once and no more than that
// are kept from others.

const AT_REST = 40; // enough for a sudden burst
const WHEN_IDLE = 3;
const MAX_AHEAD = 80; // the server hands out no more than this
const IDLE_MS = 60_000;
const LATEST = 5; // answers that the pace is told from
const MARGIN = 1.5;
const MEMORY = 0.8; // of the line's earlier times, at each new one

export class Pace {
  /** @type {number[]} */
  #answers = []; // when the latest were given
  #since = performance.now(); // the last sign of work
  #line = 0; // ms

  answered() {
    this.#since = performance.now();
    this.#answers = [...this.#answers.slice(1 - LATEST), this.#since];
  }

  // An image's bytes are here, so many ms after they were asked for.
  /** @param {number} ms */
  arrived(ms) {
    this.#line = this.#line === 0 ? ms : MEMORY * this.#line + (1 - MEMORY) * ms;
  }

  get isIdle() {
    return performance.now() - this.#since > IDLE_MS;
  }

  // How many items to hold, the one on show included.
  get ahead() {
    if (this.isIdle) return WHEN_IDLE;
    return Math.min(MAX_AHEAD, AT_REST + Math.ceil(MARGIN * this.#perMs * this.#line));
  }

  // How many to ask for, where the server does not know of ``unsent`` answers yet.
  /** @param {number} unsent */
  wanted(unsent) {
    return Math.min(MAX_AHEAD, this.ahead + unsent);
  }

  // Falls while no answer comes.
  get #perMs() {
    if (this.#answers.length < LATEST) return 0;
    return LATEST / Math.max(1, performance.now() - this.#answers[0]);
  }
}
