// The review loop: show, take the answer, show the next at once; the server hears of it behind.

import { ended, t } from "../words.js";
import { Card, Deck } from "./deck.js";
import { capOf } from "./keymap.js";
import { listen } from "./keys.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { SignedOut } from "./server.js";
import { Supply } from "./supply.js";
import { Tally } from "./tally.js";
import { answerName, previousLine } from "./view.js";

const REMEMBERED = 20; // how many answers back the page can show at once; the server knows all

export class Review {
  #view;
  #keymap;
  #outbox;
  #pace = new Pace();
  #deck;
  #supply;
  #tally;
  #history = []; // answers given on this page, oldest first: {entry, card}
  #turn = Promise.resolve(); // actions run one after the other, in the order of the keys
  #onShow = null; // the card whose image is on the page
  #broken = null; // the card whose image did not load
  #warned = false;

  constructor(person, server, view, keymap) {
    this.#view = view;
    this.#keymap = keymap;
    this.#outbox = new Outbox(person, (entries) => server.answers(entries));
    this.#deck = new Deck(this.#outbox.entries(), this.#pace);
    const unsent = () => this.#outbox.entries().length;
    this.#supply = new Supply(server, this.#deck, this.#pace, unsent);
    this.#tally = new Tally(person, server, this.#outbox, view.status);
  }

  start() {
    const { root, more, beside, session } = this.#view;
    const act = (action) => {
      more.close();
      if (this.#view.act(action)) return; // waits for no answer
      this.#turn = this.#turn.then(() => this.#act(action));
    };
    listen(root, this.#keymap, act, (event) => beside.takes(event));
    session.addEventListener("break", () => this.#rest());
    this.#outbox.addEventListener("stored", (event) => this.#stored(event.detail));
    this.#outbox.addEventListener("refused", (event) => this.#refused(event.detail));
    this.#supply.addEventListener("change", () => this.#show());
    this.#tally.addEventListener("change", () => this.#show());
    const queue = this.#view.status.queue;
    queue.addEventListener("change", () => this.#supply.switchTo(queue.value));
    addEventListener("signing-out", (event) => this.#signingOut(event));
    this.#showRefused();
    this.#outbox.pump();
    this.#supply.start();
    this.#tally.start();
  }

  async #act(action) {
    const card = this.#deck.current;
    const canSee = card !== undefined && card === this.#onShow;
    if (action === "help") this.#view.help.showModal();
    else if (this.#supply.isResting) this.#view.say(t("care.on_break"));
    else if (action === "undo") await this.#undo();
    else if (action === "skip" && card && (canSee || card === this.#broken)) this.#skip();
    else if (!canSee) this.#view.say(t("review.wait"));
    else if (!this.#view.beside.act(action)) this.#label(action);
  }

  #label(value) {
    const { seconds } = this.#deck.current;
    const entry = this.#answer({ kind: "label", value, ...this.#view.beside.value, seconds });
    this.#view.setPrevious(previousLine(entry));
    this.#view.session.answered();
    this.#show(t("review.said", { answer: answerName(value) }));
  }

  #skip() {
    this.#answer({ kind: "skip" });
    this.#view.setPrevious(t("review.previous_skipped"));
    this.#show(t("review.skipped"));
  }

  #answer(what) {
    this.#pace.answered();
    const card = this.#deck.pass();
    card.beside = this.#view.beside.value;
    const item_id = card.task.item_id;
    const entry = this.#outbox.add({ ...what, client_id: crypto.randomUUID(), item_id });
    this.#history = [...this.#history.slice(1 - REMEMBERED), { entry, card }];
    this.#view.hint.seen();
    this.#outbox.pump();
    this.#supply.refillIfShort();
    return entry;
  }

  async #undo() {
    const last = this.#history.pop();
    if (last?.entry.kind !== "skip") this.#view.session.takenBack();
    if (last && (await this.#outbox.cancel(last.entry))) {
      this.#bringBack(last.card);
    } else if (last?.entry.kind === "skip") {
      const key = capOf(this.#keymap.keyOf("undo"));
      this.#view.setPrevious(t("review.skip_stays_undo", { key }));
      this.#view.say(t("review.skip_stays"));
    } else {
      const [of, item_id] = [last?.entry.client_id, last?.card.task.item_id];
      this.#outbox.add({ kind: "undo", client_id: crypto.randomUUID(), of, item_id });
      if (last) this.#bringBack(last.card);
      this.#outbox.pump();
    }
  }

  #bringBack(card) {
    this.#deck.bringBack(card);
    this.#view.setPrevious(t("review.taken_back_again"));
    this.#show(t("review.taken_back"));
  }

  // Put the current card's image on the page, or say why there is none.
  async #show(words = "") {
    const card = this.#deck.current;
    if (this.#supply.isResting || (card && card === this.#onShow)) return;
    this.#onShow = null;
    this.#view.beside.close();
    this.#view.beside.value = {};
    if (!card) {
      this.#showNone(words);
      return;
    }
    this.#view.showWaiting();
    const image = await card.image().catch(() => null);
    if (this.#deck.current !== card || this.#onShow === card) return;
    if (image) this.#showImage(card, image, words);
    else this.#showBroken(card);
  }

  #showImage(card, image, words) {
    this.#view.showImage(image, card.task);
    this.#view.beside.value = card.beside;
    this.#onShow = card;
    card.shown();
    this.#view.say(`${words} ${t("review.next")}`.trim());
  }

  #showBroken(card) {
    this.#broken = card;
    const again = [t("review.try_again"), () => this.#show()];
    const skip = [t("review.skip_it"), () => this.#act("skip")];
    this.#view.showPause(t("review.broken"), t("review.broken_why"), [again, skip]);
  }

  // Nothing is on show, and nothing is kept from others, until the person goes on.
  #rest() {
    if (this.#onShow) this.#onShow.beside = this.#view.beside.value;
    this.#onShow = null;
    this.#view.beside.close();
    this.#supply.rest();
    const goOn = [t("care.go_on"), () => this.#goOn()];
    this.#view.showPause(t("care.break_title"), t("care.break_text"), [goOn], { takesFocus: true });
  }

  async #goOn() {
    this.#view.showWaiting();
    await this.#supply.wake();
    this.#show();
  }

  #showNone(words) {
    if (this.#supply.isTaking && !this.#supply.trouble) {
      this.#view.showWaiting();
      return;
    }
    const again = [t("review.look_again"), () => this.#supply.refill()];
    const { trouble } = this.#supply;
    if (trouble instanceof SignedOut) {
      const signIn = [t("review.sign_in"), () => location.assign("/login?next=/review/")];
      this.#view.showPause(t("review.signed_out"), t("review.sign_in_to_go_on"), [signIn]);
    } else if (trouble) {
      this.#view.showPause(t("review.unreachable"), t("review.unreachable_kept"), [again]);
    } else {
      this.#view.showPause(...this.#nothing(), [again]);
    }
    if (words) this.#view.say(words);
  }

  #nothing() {
    const counts = this.#tally.counts;
    const waiting = this.#supply.queue === "escalated" ? counts?.escalated : counts?.waiting;
    const title = t("review.nothing");
    if (waiting > 0) return [title, t("review.nothing_but", { waiting })];
    const done = counts?.done_today;
    return [title, done ? t("review.nothing_done", { done }) : t("review.nothing_yet")];
  }

  #stored({ entry, reply }) {
    const isLatest = this.#history.at(-1)?.entry.client_id === entry.client_id;
    if (entry.kind === "label" && isLatest) this.#view.setPrevious(previousLine(entry, reply));
    if (entry.kind === "undo") this.#undone(entry, reply);
    this.#supply.refillIfShort();
    this.#tally.countSoon();
  }

  // The server withdraws the newest answer it knows; usually that is the one we brought back.
  #undone(entry, task) {
    if (entry.item_id === task.item_id) return;
    if (entry.item_id !== undefined) this.#deck.drop(entry.item_id);
    this.#history = this.#history.filter((past) => past.card.task.item_id !== task.item_id);
    this.#bringBack(new Card(task));
  }

  #refused({ entry, why }) {
    this.#history = this.#history.filter((past) => past.entry.client_id !== entry.client_id);
    if (entry.kind === "undo") {
      if (entry.item_id !== undefined) this.#deck.drop(entry.item_id);
      this.#view.setPrevious(t("review.not_undone", { why: ended(why) }));
    }
    this.#view.say(t("review.not_taken", { why: ended(why) }));
    this.#showRefused();
    this.#show();
    this.#supply.refillIfShort();
  }

  #showRefused() {
    this.#view.showRefused(this.#outbox.refused(), (entry) => {
      this.#outbox.dismiss(entry);
      this.#showRefused();
    });
  }

  #signingOut(event) {
    const kept = this.#outbox.entries().length;
    if (kept === 0 || this.#warned) return;
    event.preventDefault();
    this.#warned = true;
    this.#outbox.pump();
    const text = t("review.leaving", { n: kept });
    this.#view.setPrevious(text);
    this.#view.say(text);
  }
}
