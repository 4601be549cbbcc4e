// What people set for themselves: a goal, breaks, and how images look at first. What they have done
// is counted for them alone: all of it stays in this browser.

import { find } from "../dom.js";
import { number, t } from "../words.js";
import { isKind } from "./blur_overlay.js";
import { Emitter } from "./emitter.js";
import { Memory } from "./memory.js";
import { SessionStatistics } from "./session_statistics.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

const LATER_MINUTES = 10;

// Tells of "break" when the person takes one.
/** @extends {Emitter<{ break: void }>} */
export class Session extends Emitter {
  #dialog;
  #calm;
  #blurOverlay;
  #memory;
  #statistics;
  /** @type {number | null} */
  #later = null; // minutes of work after which a reminder that was put off comes again

  /** @param {HTMLElement} root @param {Person} person @param {BlurOverlay} blurOverlay */
  constructor(root, person, blurOverlay) {
    super();
    this.#dialog = find(root, "#session-dialog", HTMLDialogElement);
    this.#calm = new CalmLine(root);
    this.#blurOverlay = blurOverlay;
    this.#memory = new Memory("session", person);
    this.#statistics = new SessionStatistics(person);
    this.#dialog.addEventListener("input", ({ target }) => this.#choose(/** @type {Field} */ (target)));
    find(this.#dialog, "#break-now").addEventListener("click", () => {
      this.#dialog.close();
      this.#break();
    });
  }

  // Whether the action was about the session.
  /** @param {string} action */
  act(action) {
    if (action !== "session") return false;
    this.#show();
    this.#dialog.showModal();
    return true;
  }

  // An answer was given: the only moment at which anything is said unasked.
  answered() {
    this.#statistics.answered();
    if (this.#isBreakDue) this.#remind();
    else if (this.#statistics.done === this.#goal) this.#tellGoal();
  }

  takenBack() {
    this.#statistics.takenBack();
  }

  get #goal() {
    return this.#memory.get("goal") ?? null;
  }

  get #isBreakDue() {
    const minutes = this.#memory.get("minutes") ?? 0;
    return minutes > 0 && this.#statistics.sinceBreak >= (this.#later ?? minutes);
  }

  #remind() {
    this.#calm.say(t("care.looked", { n: Math.round(this.#statistics.sinceBreak) }), [
      [t("care.take_break"), () => this.#break()],
      [t("care.later"), () => (this.#later = this.#statistics.sinceBreak + LATER_MINUTES)],
    ]);
  }

  #tellGoal() {
    this.#calm.say(t("care.goal_reached", { goal: this.#goal }), [[t("care.good"), () => {}]]);
  }

  #break() {
    this.#statistics.rested();
    this.#later = null;
    this.#calm.hide();
    this.tell("break");
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {Field} */ (find(this.#dialog, `[name="${name}"]`));
  }

  #show() {
    this.#field("goal").value = this.#goal ?? "";
    this.#field("minutes").value = String(this.#memory.get("minutes") ?? 0);
    this.#field("veil").value = this.#blurOverlay.own ?? "";
    this.#showDone();
  }

  #showDone() {
    const { done, pace } = this.#statistics;
    const goal = this.#goal;
    const $ = (/** @type {string} */ id) => find(this.#dialog, `#session-${id}`);
    const bar = find(this.#dialog, "#session-progress", HTMLProgressElement);
    $("done").textContent = goal === null ? number(done) : t("care.done_of", { done, goal });
    $("pace").textContent =
      pace === null ? t("care.too_few") : t("care.per_minute", { pace: number(pace, 1) });
    bar.hidden = goal === null;
    bar.max = goal ?? 1;
    bar.value = done;
  }

  /** @param {Field} field */
  #choose({ name, value, validity }) {
    if (!validity.valid) return;
    if (name === "goal") this.#memory.set("goal", value === "" ? null : Number(value));
    if (name === "minutes") this.#memory.set("minutes", Number(value));
    if (name === "veil") this.#blurOverlay.own = isKind(value) ? value : null;
    this.#later = null;
    this.#showDone();
  }
}

// A line beside what was said before: it stays until somebody presses one of its buttons, takes
// neither the focus nor a key, and moves nothing.
class CalmLine {
  #place;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#place = find(root, "#calm");
  }

  // actions: [name, what it does]; each also closes the line.
  /** @param {string} text @param {Choice[]} actions */
  say(text, actions) {
    const words = document.createElement("span");
    words.textContent = text;
    this.#place.replaceChildren(words, ...actions.map(([name, act]) => this.#button(name, act)));
  }

  hide() {
    this.#place.replaceChildren();
  }

  /** @param {string} name @param {Act} act */
  #button(name, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      this.hide();
      act();
    });
    return button;
  }
}
