// The review loop: show, take the answer, show the next at once; the server hears of it behind.

import { ended, t } from "../words.js";
import { Alike } from "./alike.js";
import { Card, Deck } from "./deck.js";
import { capOf } from "./keymap.js";
import { History } from "./history.js";
import { listen } from "./keys.js";
import { warnOnLeaving } from "./leaving.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Pauses } from "./pauses.js";
import { Recent } from "./recent.js";
import { Supply } from "./supply.js";
import { Tally } from "./tally.js";
import { answerName, previousLine } from "./view.js";

export class Review {
  #view;
  #keymap;
  #outbox;
  #pace = new Pace();
  #deck;
  #supply;
  #tally;
  #pauses;
  #recent;
  #alike;
  #history = new History();
  #turn = Promise.resolve(); // actions run one after the other, in the order of the keys
  #onShow = null; // the card whose image is on the page
  #broken = null; // the card whose image did not load

  constructor(person, server, view, keymap) {
    this.#view = view;
    this.#keymap = keymap;
    this.#outbox = new Outbox(person, (entries) => server.answers(entries));
    this.#deck = new Deck(this.#outbox.entries(), this.#pace);
    const unsent = () => this.#outbox.entries().length;
    this.#supply = new Supply(server, this.#deck, this.#pace, unsent);
    this.#recent = new Recent(view.root, server, this.#outbox);
    this.#tally = new Tally(person, server, this.#outbox, view.status);
    this.#pauses = new Pauses(view, this.#supply, this.#tally);
    this.#alike = new Alike(view.grid, server, this.#deck, this.#supply);
  }

  start() {
    const { root, more, beside, session } = this.#view;
    const act = (action) => {
      more.close();
      if (this.#view.act(action) || this.#recent.act(action)) return; // waits for no answer
      this.#inTurn(() => this.#act(action));
    };
    listen(root, this.#keymap, act, (event) => beside.takes(event));
    this.#alike.addEventListener("answered", ({ detail }) => this.#labelTogether(detail));
    session.addEventListener("break", () => this.#rest());
    this.#outbox.addEventListener("stored", (event) => this.#stored(event.detail));
    this.#outbox.addEventListener("refused", (event) => this.#refused(event.detail));
    this.#supply.addEventListener("change", () => this.#show());
    this.#tally.addEventListener("change", () => this.#show());
    this.#recent.addEventListener("change", ({ detail }) => this.#inTurn(() => this.#change(detail)));
    this.#recent.addEventListener("open", ({ detail }) => this.#inTurn(() => this.#openAgain(detail)));
    const queue = this.#view.status.queue;
    queue.addEventListener("change", () => this.#supply.switchTo(queue.value));
    warnOnLeaving(this.#outbox, this.#view);
    this.#showRefused();
    this.#outbox.pump();
    this.#supply.start();
    this.#tally.start();
  }

  #inTurn(act) {
    this.#turn = this.#turn.then(act);
  }

  async #act(action) {
    const card = this.#deck.current;
    const canSee = card !== undefined && card === this.#onShow;
    if (action === "help") this.#view.help.open();
    else if (this.#supply.isResting) this.#view.say(t("care.on_break"));
    else if (action === "undo") await this.#undo();
    else if (action === "skip" && card && (canSee || card === this.#broken)) this.#skip();
    else if (!canSee) this.#view.say(t("review.wait"));
    else if (action === "alike") this.#alike.open(card);
    else if (!this.#view.beside.act(action)) this.#label(action);
  }

  #label(value) {
    const { seconds, of } = this.#deck.current;
    const said = { value, ...this.#view.beside.value };
    const entry = this.#answer(of ? { kind: "change", of, ...said } : { kind: "label", ...said, seconds });
    this.#view.setPrevious(previousLine(entry));
    if (!of) this.#view.session.answered();
    this.#show(t("review.said", { answer: answerName(value) }));
  }

  // Each image has an answer of its own; they are taken back together, too.
  #labelTogether({ value, cards, seconds }) {
    this.#pace.answered();
    const given = cards.map((card) => {
      this.#deck.answered(card);
      this.#view.session.answered();
      return { card, entry: this.#put({ kind: "label", value, seconds }, card) };
    });
    this.#history.add(given);
    this.#outbox.pump();
    const words = { n: given.length, answer: answerName(value) };
    this.#view.setPrevious(t("grid.previous", words));
    this.#show(t("grid.said", words));
  }

  async #undoTogether(given) {
    for (const { card, entry } of given.toReversed()) {
      this.#view.session.takenBack();
      this.#deck.bringBack(card);
      if (!(await this.#outbox.cancel(entry))) this.#outbox.add(undoOf(entry));
    }
    this.#outbox.pump();
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
    this.#deck.pass();
    this.#view.setPrevious(t("recent.left"));
    this.#show(t("recent.left"));
  }

  #answer(what) {
    this.#pace.answered();
    const card = this.#deck.pass();
    card.beside = this.#view.beside.value;
    const entry = this.#keep(what, card);
    this.#view.hint.seen();
    this.#supply.refillIfShort();
    return entry;
  }

  // In the outbox before this returns, and on its way.
  #keep(what, card) {
    const entry = this.#put(what, card);
    this.#history.add([{ entry, card }]);
    this.#outbox.pump();
    return entry;
  }

  #put(what, card) {
    const { item_id, image_url, path } = card.task;
    const client_id = crypto.randomUUID();
    const given_at = new Date().toISOString();
    return this.#outbox.add({ ...what, client_id, item_id, image_url, path, given_at });
  }

  #change({ answer, value }) {
    const card = Card.ofAnswer(answer);
    this.#keep({ kind: "change", of: card.of, value, ...card.beside }, card);
    this.#deck.drop(answer.item_id); // it may be open
    this.#show();
  }

  #openAgain({ answer }) {
    const words = t("recent.opened", { answer: answerName(answer.value) });
    if (this.#supply.isResting) this.#view.say(t("care.on_break"));
    else this.#bringBack(Card.ofAnswer(answer), words);
  }

  async #undo() {
    const given = this.#history.pop();
    if (given.length > 1) {
      await this.#undoTogether(given);
      return;
    }
    const [last] = given;
    if (last?.entry.kind !== "skip") this.#view.session.takenBack();
    if (last && (await this.#outbox.cancel(last.entry))) {
      this.#bringBack(last.card);
    } else if (last?.entry.kind === "skip") {
      const key = capOf(this.#keymap.keyOf("undo"));
      this.#view.setPrevious(t("review.skip_stays_undo", { key }));
      this.#view.say(t("review.skip_stays"));
    } else {
      this.#outbox.add(undoOf(last?.entry ?? {}));
      if (last) {
        last.card.of = null; // an undo leaves nothing to be changed
        this.#history.forget(last.card.task.item_id);
        this.#bringBack(last.card);
      }
      this.#outbox.pump();
    }
  }

  #bringBack(card, words = t("review.taken_back_again")) {
    const { current } = this.#deck;
    if (current && current === this.#onShow) current.beside = this.#view.beside.value;
    this.#deck.bringBack(card);
    this.#view.setPrevious(words);
    this.#show(words);
  }

  // Put the current card's image on the page, or say why there is none.
  async #show(words = "") {
    const card = this.#deck.current;
    if (this.#supply.isResting || (card && card === this.#onShow)) return;
    this.#onShow = null;
    this.#view.beside.close();
    this.#view.beside.value = {};
    this.#view.grid.offer(0);
    if (!card) {
      this.#pauses.none();
      if (words) this.#view.say(words);
      return;
    }
    this.#view.showWaiting();
    const image = await card.image().catch(() => null);
    if (this.#deck.current !== card || this.#onShow === card) return;
    if (image) {
      this.#showImage(card, image, words);
    } else {
      this.#broken = card;
      this.#pauses.broken(() => this.#show(), () => this.#act("skip"));
    }
  }

  #showImage(card, image, words) {
    this.#view.showImage(image, card.task);
    this.#view.grid.offer(card.task.alike ?? 0);
    this.#view.beside.value = card.beside;
    this.#onShow = card;
    card.shown();
    this.#view.say(`${words} ${t("review.next")}`.trim());
  }

  // Nothing is on show, and nothing is kept from others, until the person goes on.
  #rest() {
    this.#alike.close();
    if (this.#onShow) this.#onShow.beside = this.#view.beside.value;
    this.#onShow = null;
    this.#view.beside.close();
    this.#supply.rest();
    this.#pauses.rest(() => this.#goOn());
  }

  async #goOn() {
    this.#view.showWaiting();
    await this.#supply.wake();
    this.#show();
  }

  #stored({ entry, reply }) {
    const isLatest = this.#history.latest?.client_id === entry.client_id;
    if (entry.value && isLatest) this.#view.setPrevious(previousLine(entry, reply));
    if (entry.kind === "undo") this.#undone(entry, reply);
    this.#supply.refillIfShort();
    this.#tally.countSoon();
  }

  // The server withdraws the newest answer it knows; usually that is the one we brought back.
  #undone(entry, task) {
    if (entry.item_id === task.item_id) return;
    if (entry.item_id !== undefined) this.#deck.drop(entry.item_id);
    this.#history.forget(task.item_id);
    this.#bringBack(new Card(task));
  }

  #refused({ entry, why }) {
    this.#history.strike(entry.client_id);
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
}

function undoOf({ client_id, item_id }) {
  return { kind: "undo", client_id: crypto.randomUUID(), of: client_id, item_id };
}
