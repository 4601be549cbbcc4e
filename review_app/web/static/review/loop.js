// The review loop: show, take the answer, show the next at once; the server hears of it behind.

import { ended, sentence, t } from "../words.js";
import { afterFrame } from "./after_frame.js";
import { isAnswer } from "./answers.js";
import { Card, Deck } from "./deck.js";
import { Drafts } from "./drafts.js";
import { History } from "./history.js";
import { capOf } from "./keymap.js";
import { listen } from "./keys.js";
import { warnOnLeaving } from "./leaving.js";
import { NearDuplicates } from "./near_duplicates.js";
import { OtherTabs } from "./other_tabs.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Pauses } from "./pauses.js";
import { Prefetch } from "./prefetch.js";
import { Recent } from "./recent.js";
import { Tally } from "./tally.js";
import { answerName, previousLine } from "./view.js";
import { Viewer } from "./viewer.js";

export class Review {
  #view;
  #keymap;
  #outbox;
  #pace = new Pace();
  #deck;
  #drafts;
  #prefetch;
  #tally;
  #viewer;
  #recent;
  #nearDuplicates;
  #otherTabs;
  #history;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve(); // actions run one after the other, in the order of the keys

  /** @param {Person} person @param {Server} server @param {View} view @param {Keymap} keymap */
  constructor(person, server, view, keymap) {
    this.#view = view;
    this.#keymap = keymap;
    this.#outbox = new Outbox(person, (entries) => server.answers(entries));
    this.#drafts = new Drafts(person);
    this.#otherTabs = new OtherTabs(person);
    this.#history = new History(this.#outbox, this.#drafts, this.#otherTabs);
    this.#deck = new Deck(this.#outbox.entries(), this.#pace);
    const unsent = () => this.#outbox.entries().length;
    this.#prefetch = new Prefetch(server, this.#deck, this.#pace, unsent);
    this.#recent = new Recent(view.root, server, this.#outbox, keymap);
    this.#tally = new Tally(person, server, this.#outbox, view.status);
    const pauses = new Pauses(view, this.#prefetch, this.#tally);
    this.#viewer = new Viewer(view, this.#deck, this.#prefetch, pauses, this.#drafts);
    this.#nearDuplicates = new NearDuplicates(view.grid, server, this.#deck, this.#prefetch);
  }

  start() {
    const { root, more, annotationPanel, session } = this.#view;
    /** @param {string} action @param {number} [pressed] */
    const act = (action, pressed = 0) => {
      more.close();
      if (this.#view.act(action) || this.#recent.act(action)) return; // waits for no answer
      const isLate = this.#viewer.isLate(pressed);
      this.#inTurn(() => this.#act(action, isLate));
    };
    listen(root, this.#keymap, act, (event) => annotationPanel.takes(event));
    this.#nearDuplicates.on("answered", (detail) => this.#labelTogether(detail));
    session.on("break", () => this.#rest());
    this.#outbox.on("stored", (detail) => this.#stored(detail));
    this.#outbox.on("refused", (detail) => this.#refused(detail));
    this.#outbox.on("unstored", (detail) => this.#view.say(sentence(detail.why)));
    this.#prefetch.on("change", () => this.#show());
    this.#prefetch.on("gone", () => this.#view.setPrevious(t("review.gone")));
    this.#tally.on("change", () => this.#show());
    this.#recent.on("change", (detail) => this.#inTurn(() => this.#change(detail)));
    this.#recent.on("open", (detail) => this.#inTurn(() => this.#openAgain(detail)));
    this.#otherTabs.on("answered", (detail) => this.#inTurn(() => this.#answeredInOtherTab(detail)));
    this.#otherTabs.on("back", (detail) => this.#backInOtherTab(detail));
    const queue = this.#view.status.queue;
    queue.addEventListener("change", () => this.#prefetch.switchTo(/** @type {Queue} */ (queue.value)));
    warnOnLeaving(this.#outbox, this.#view);
    this.#showRefused();
    this.#outbox.pump();
    this.#prefetch.start();
    this.#tally.start();
  }

  /** @param {() => unknown} act */
  #inTurn(act) {
    this.#turn = this.#turn.then(act);
  }

  // isLate: it was pressed where an image was missed.
  /** @param {string} action @param {boolean} [isLate] */
  async #act(action, isLate = false) {
    if (action === "help") this.#view.help.open();
    else if (this.#prefetch.isResting) this.#view.say(t("care.on_break"));
    else if (action === "undo") await this.#undo();
    else if (isLate) this.#view.say(t("review.wait"));
    else await this.#actOnImage(action);
  }

  /** @param {string} action */
  async #actOnImage(action) {
    await this.#viewer.settle();
    const { canSee, isBroken } = this.#viewer;
    if (this.#prefetch.isResting) this.#view.say(t("care.on_break"));
    else if (action === "skip" && (canSee || isBroken)) this.#skip();
    else if (!canSee) this.#view.say(t("review.wait"));
    else if (action === "alike") this.#nearDuplicates.open(this.#deck.current);
    else if (!this.#view.annotationPanel.act(action) && isAnswer(action)) this.#label(action);
  }

  /** @param {Value} value */
  #label(value) {
    const { seconds, of } = this.#deck.current;
    const said = { value, ...this.#view.annotationPanel.value };
    const entry = this.#answer(of ? { kind: "change", of, ...said } : { kind: "label", ...said, seconds });
    this.#view.setPrevious(previousLine(entry));
    if (!of) this.#view.session.answered();
    this.#show(t("review.said", { answer: answerName(value) }));
  }

  // Each image has an answer of its own, with what was said beside it; they are taken back
  // together, too.
  /** @param {{ value: Value, cards: Card[], seconds: number }} outcome */
  #labelTogether({ value, cards, seconds }) {
    this.#pace.answered();
    this.#viewer.keep();
    for (const card of cards) {
      card.annotations = this.#drafts.of(card) ?? card.annotations;
      this.#deck.answered(card.task.item_id);
      this.#view.session.answered();
    }
    const together = cards.length > 1 ? cards.length : undefined; // else a look like any other
    /** @param {Card} card @returns {What} */
    const whatOf = ({ annotations }) => ({ kind: "label", value, ...annotations, seconds, together });
    this.#history.give(whatOf, cards);
    const words = { n: cards.length, answer: answerName(value) };
    this.#view.setPrevious(t("grid.previous", words));
    this.#show(t("grid.said", words));
  }

  /** @param {Given[]} given */
  async #undoTogether(given) {
    const sent = [];
    this.#viewer.keep();
    for (const { card, entry } of given.toReversed()) {
      this.#view.session.takenBack();
      if (!(await this.#history.cancel(entry))) {
        card.takenBack(entry.client_id);
        sent.push(entry);
      }
      this.#deck.bringBack(card);
      this.#drafts.keep(card, card.annotations);
    }
    this.#history.undo(sent);
    const words = t("grid.taken_back", { n: given.length });
    this.#view.setPrevious(words);
    this.#show(words);
  }

  #skip() {
    if (this.#deck.current.of) {
      this.#leave();
      return;
    }
    this.#answer({ kind: "skip" });
    this.#view.setPrevious(t("review.previous_skipped"));
    this.#show(t("review.skipped"));
  }

  // An image that was opened again keeps the answer it had.
  #leave() {
    this.#drafts.drop(this.#deck.pass());
    this.#view.setPrevious(t("recent.left"));
    this.#show(t("recent.left"));
  }

  /** @param {What} what */
  #answer(what) {
    this.#pace.answered();
    const card = this.#deck.pass();
    card.annotations = this.#view.annotationPanel.value;
    const [entry] = this.#history.give(() => what, [card]);
    this.#view.hint.seen();
    afterFrame(() => this.#prefetch.refillIfShort());
    return entry;
  }

  /** @param {{ answer: OwnAnswer, value: Value }} answer */
  #change({ answer, value }) {
    const card = Card.ofAnswer(answer);
    const { client_id: of } = answer;
    this.#history.give(() => ({ kind: "change", of, value, ...card.annotations }), [card]);
    this.#deck.drop(answer.item_id); // it may be open
    this.#show();
  }

  /** @param {{ answer: OwnAnswer }} answer */
  #openAgain({ answer }) {
    const words = t("recent.opened", { answer: answerName(answer.value) });
    if (this.#prefetch.isResting) this.#view.say(t("care.on_break"));
    else this.#bringBack(Card.ofAnswer(answer), words);
  }

  async #undo() {
    const given = this.#history.pop();
    if (given.length > 1) {
      await this.#undoTogether(given);
      return;
    }
    const [last] = given;
    if (last && (await this.#history.cancel(last.entry))) {
      if (last.entry.kind === "label") this.#view.session.takenBack();
      this.#takeBack(last.card);
    } else if (last?.entry.kind === "skip") {
      const key = capOf(this.#keymap.keyOf("undo"));
      this.#view.setPrevious(t("review.skip_stays_undo", { key }));
      this.#view.say(t("review.skip_stays"));
    } else {
      this.#view.session.takenBack();
      this.#history.undo([last?.entry ?? {}]);
      if (!last) return;
      last.card.takenBack(last.entry.client_id);
      this.#takeBack(last.card);
    }
  }

  // With what was said, which a reload must not lose either.
  /** @param {Card} card */
  #takeBack(card) {
    this.#bringBack(card);
    this.#drafts.keep(card, card.annotations);
  }

  /** @param {Card} card @param {string} [words] */
  #bringBack(card, words = t("review.taken_back_again")) {
    this.#viewer.keep();
    this.#deck.bringBack(card);
    this.#view.setPrevious(words);
    this.#show(words);
  }

  /** @param {string} [words] */
  #show(words = "") {
    this.#viewer.show(words, () => this.#act("skip"));
  }

  #rest() {
    this.#nearDuplicates.close();
    this.#viewer.rest(async () => {
      this.#view.showWaiting();
      await this.#prefetch.wake();
      this.#show();
    });
  }

  /** @param {{ entry: Entry, reply: Outcome["reply"] }} outcome */
  #stored({ entry, reply }) {
    const isLatest = this.#history.latest?.client_id === entry.client_id;
    if (entry.value && isLatest) {
      this.#view.setPrevious(previousLine(entry, reply), Boolean(reply?.opinion));
    }
    if (entry.kind === "undo" && reply) this.#undone(entry, /** @type {Task} */ (reply));
    this.#prefetch.refillIfShort();
    this.#tally.countSoon();
  }

  // The server withdraws the newest answer it knows; usually that is the one we brought back. But
  // another device may have changed it, or given a newer one.
  /** @param {Entry} entry @param {Task} task */
  #undone(entry, task) {
    const isChanged = task.withdrawn?.client_id !== entry.of && this.#deck.has(task);
    if (entry.item_id === task.item_id && !isChanged) return;
    if (entry.item_id !== undefined) this.#deck.drop(entry.item_id);
    this.#history.forget(task.item_id);
    this.#otherTabs.back([task.item_id]);
    this.#bringBack(new Card(task));
  }

  /** @param {Entry} entry @param {Card | undefined} card */
  #comesAgain({ item_id }, card) {
    if (card) this.#drafts.keep(card, card.annotations);
    if (item_id === undefined) return;
    this.#deck.expectAgain(item_id);
    this.#otherTabs.back([item_id]);
  }

  /** @param {{ entry: Entry, why: string }} outcome */
  #refused({ entry, why }) {
    const card = this.#history.strike(entry.client_id);
    if (entry.kind === "undo") {
      if (entry.item_id !== undefined) this.#deck.drop(entry.item_id);
      this.#view.setPrevious(t("review.not_undone", { why: ended(why) }));
    } else if (entry.kind === "skip") {
      this.#comesAgain(entry, card);
      this.#view.setPrevious(t("review.refused_skip", { why: ended(why) }));
    }
    this.#view.say(t("review.not_taken", { why: ended(why) }));
    this.#showRefused();
    this.#show();
    this.#prefetch.refillIfShort();
  }

  // In another tab, which holds the same images.
  /** @param {string[]} items */
  #answeredInOtherTab(items) {
    const shown = this.#deck.current?.task.item_id;
    if (this.#nearDuplicates.holds(items)) this.#nearDuplicates.close();
    for (const item of items) this.#deck.answered(item);
    this.#prefetch.refillIfShort();
    this.#tally.countSoon();
    if (!items.includes(shown)) return;
    this.#view.setPrevious(t("review.elsewhere_answered"));
    this.#show(t("review.elsewhere_answered"));
  }

  // It is on show there; here it may come again.
  /** @param {string[]} items */
  #backInOtherTab(items) {
    for (const item of items) {
      this.#deck.expectAgain(item);
      this.#history.forget(item);
    }
  }

  #showRefused() {
    this.#view.showRefused(this.#outbox.refused(), (entry) => {
      this.#outbox.dismiss(entry);
      this.#showRefused();
    });
  }
}
