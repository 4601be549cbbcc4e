// How much somebody has done since they opened this tab: kept in the tab, never sent.

import { Memory } from "./memory.js";

const MINUTE_MS = 60_000;
const THOUGHT_MS = MINUTE_MS; // of a longer pause between two answers, so much counts as work
const REST_MS = 5 * MINUTE_MS; // a pause this long is a break
const ENOUGH = 5; // answers, before a pace says anything

export class SessionStatistics {
  #memory;

  /** @param {Person} person */
  constructor(person) {
    this.#memory = new Memory("worked", person, () => sessionStorage);
  }

  // Answers given and not taken back.
  get done() {
    return this.#number("done");
  }

  // Answers in a minute of work; null while there are too few to tell.
  get pace() {
    const [given, minutes] = [this.#number("given"), this.#number("ms") / MINUTE_MS];
    return given < ENOUGH || minutes === 0 ? null : (given - 1) / minutes;
  }

  // Minutes of work since the last break.
  get sinceBreak() {
    return this.#number("fresh") / MINUTE_MS;
  }

  answered() {
    const now = Date.now();
    const pause = Math.max(0, now - (this.#memory.get("last") ?? now));
    if (pause >= REST_MS) this.rested();
    this.#add("fresh", pause >= REST_MS ? 0 : Math.min(pause, THOUGHT_MS));
    this.#add("ms", Math.min(pause, THOUGHT_MS));
    this.#add("given", 1);
    this.#add("done", 1);
    this.#memory.set("last", now);
  }

  takenBack() {
    this.#add("done", this.done > 0 ? -1 : 0);
  }

  rested() {
    this.#memory.set("fresh", 0);
  }

  /** @param {string} name */
  #number(name) {
    return this.#memory.get(name) ?? 0;
  }

  /** @param {string} name @param {number} n */
  #add(name, n) {
    this.#memory.set(name, this.#number(name) + n);
  }
}
