// What is on show where there is no image: why, and what a person can do about it.

import { sentence, t } from "../words.js";
import { AccountClosed, Limited, NotStored, SignedOut, signIn } from "./server.js";

export class Pauses {
  #view;
  #prefetch;
  #tally;

  /** @param {View} view @param {Prefetch} prefetch @param {Tally} tally */
  constructor(view, prefetch, tally) {
    this.#view = view;
    this.#prefetch = prefetch;
    this.#tally = tally;
  }

  // trouble: as the server says, or null.
  /** @param {Error | null} trouble @param {Act} again @param {Act} skip */
  broken(trouble, again, skip) {
    if (trouble instanceof SignedOut) {
      this.#signedOut(trouble);
      return;
    }
    const why = trouble?.message ? sentence(trouble.message) : t("review.broken_why");
    /** @type {Choice[]} */
    const actions = [[t("review.try_again"), again], [t("review.skip_it"), skip]];
    this.#view.showPause(t("review.broken"), why, actions);
  }

  /** @param {Error} trouble */
  #signedOut(trouble) {
    const isClosed = trouble instanceof AccountClosed;
    const title = isClosed ? t("review.account_closed") : t("review.signed_out");
    const text = isClosed ? t("review.account_closed_why") : t("review.sign_in_to_go_on");
    this.#view.showPause(title, text, [[t("review.sign_in"), () => location.assign(signIn())]]);
  }

  /** @param {Act} goOn */
  rest(goOn) {
    /** @type {Choice[]} */
    const actions = [[t("care.go_on"), goOn]];
    this.#view.showPause(t("care.break_title"), t("care.break_text"), actions, { takesFocus: true });
  }

  none() {
    const { isTaking, trouble } = this.#prefetch;
    /** @type {Choice} */
    const again = [t("review.look_again"), () => this.#prefetch.refill()];
    if (isTaking && !trouble) {
      this.#view.showWaiting();
    } else if (trouble instanceof SignedOut) {
      this.#signedOut(trouble);
    } else if (trouble instanceof NotStored) {
      this.#view.showPause(t("review.not_stored"), sentence(trouble.message), [again]);
    } else if (trouble instanceof Limited) {
      const why = t("review.limited_why", { why: sentence(trouble.message) });
      this.#view.showPause(t("review.limited"), why, [again]);
    } else if (trouble) {
      this.#view.showPause(t("review.unreachable"), t("review.unreachable_kept"), [again]);
    } else {
      this.#view.showPause(t("review.nothing"), this.#nothing(), [again]);
    }
  }

  #nothing() {
    const counts = this.#tally.counts;
    const waiting = this.#prefetch.queue === "escalated" ? counts?.escalated : counts?.waiting;
    if (waiting) return t("review.nothing_but", { waiting });
    const done = counts?.done_today;
    return done ? t("review.nothing_done", { done }) : t("review.nothing_yet");
  }
}
