// The items in hand: the one on show, and the next ones, their images here ahead of time.

import { t } from "../words.js";
import { afterFrame } from "./after_frame.js";
import { failure } from "./server.js";
import { withoutPicture } from "./without_picture.js";

const DECODED = 8; // images; each takes 4 bytes a pixel, while the file takes a tenth of that
const LOW = 0.75; // of the items wanted: more are asked for when fewer are left, several at a time

export class Deck {
  /** @type {Card[]} */
  #cards = [];
  #pace;
  /** @type {Set<string>} */
  #answered = new Set(); // given an answer in this browser: the server may not know it yet

  /** @param {Entry[]} unsent @param {Pace} pace */
  constructor(unsent, pace) {
    this.#pace = pace;
    for (const entry of unsent) if (entry.item_id && entry.kind !== "undo") this.#answered.add(entry.item_id);
  }

  get current() {
    return this.#cards[0];
  }

  get isShort() {
    return this.#cards.length < Math.ceil(LOW * this.#pace.ahead);
  }

  get items() {
    return this.#cards.map((card) => card.task.item_id);
  }

  /** @param {Task} task */
  has(task) {
    return this.#of(task) !== undefined;
  }

  // How many of them are leased to us: an answer of before that was opened again is not.
  get leased() {
    return this.#cards.filter((card) => card.of === null).length;
  }

  // Items that the server says are ours, asked for at this time.
  /** @param {Task[]} tasks @param {number} asked */
  add(tasks, asked) {
    for (const task of tasks) {
      const there = this.#of(task);
      if (there !== this.current) there?.learn(task);
      if (there || this.#answered.has(task.item_id)) continue;
      const card = new Card(task);
      card.fetch(() => this.#pace.arrived(performance.now() - asked));
      this.#cards.push(card);
    }
    this.#decode();
  }

  // Let go of what nobody will need soon; false where there is nothing to spare.
  trim() {
    const { ahead } = this.#pace;
    if (this.#cards.length <= ahead) return false;
    this.#cards.length = ahead;
    return true;
  }

  // Keep what is on show, and of the rest only what the server still says is ours. True where what
  // is on show is not ours any more.
  /** @param {Task[]} tasks */
  keepOnly(tasks) {
    const ours = new Set(tasks.map((task) => task.item_id));
    this.#cards = this.#cards.filter((card, i) => i === 0 || ours.has(card.task.item_id));
    const { current } = this;
    return current !== undefined && current.of === null && !ours.has(current.task.item_id);
  }

  // The current card is answered; the next one takes its place.
  pass() {
    const [card, ...rest] = this.#cards;
    this.#cards = rest;
    this.#answered.add(card.task.item_id);
    afterFrame(() => this.#decode()); // decoded now, it would hold up the next one's drawing
    return card;
  }

  // This one is answered, wherever it was.
  /** @param {string} itemId */
  answered(itemId) {
    this.drop(itemId);
    this.#answered.add(itemId);
    this.#decode();
  }

  /** @param {Card} card */
  bringBack(card) {
    this.#answered.delete(card.task.item_id);
    this.drop(card.task.item_id);
    this.#cards.unshift(card);
  }

  // An answer, or a skip, that was not taken: the image comes again where it is still ours.
  /** @param {string} itemId */
  expectAgain(itemId) {
    this.#answered.delete(itemId);
  }

  /** @param {string} itemId */
  drop(itemId) {
    this.#cards = this.#cards.filter((card) => card.task.item_id !== itemId);
  }

  clear() {
    this.#cards = [];
  }

  #decode() {
    for (const card of this.#cards.slice(0, DECODED)) {
      card.image().catch(() => {}); // told when it is shown
    }
  }

  /** @param {Task} task */
  #of(task) {
    return this.#cards.find((card) => card.task.item_id === task.item_id);
  }
}

export class Card {
  /** @type {HTMLElement | null} */
  #element = null; // its file is here, or on its way
  /** @type {Promise<HTMLElement> | null} */
  #image = null;
  annotations; // what else is said of it at first, or was when it left the page
  /** @type {string | null} */
  of = null; // the client_id of the earlier answer that another one would change
  #shownAt = 0;

  /** @param {Task} task */
  constructor(task) {
    this.task = task;
    this.annotations = annotationsOf(task.withdrawn ?? {});
  }

  // One's earlier answer, as of /review/recent, to be looked at again.
  /** @param {OwnAnswer} answer */
  static ofAnswer({ client_id, item_id, image_url, path, ...said }) {
    const card = new Card({ item_id, image_url, path });
    card.of = client_id;
    card.annotations = annotationsOf(said);
    return card;
  }

  // The answer by this id was taken back, and another one may follow.
  /** @param {string} client_id */
  takenBack(client_id) {
    this.of = null;
    this.task = { ...this.task, withdrawn: { client_id, ...this.annotations } };
  }

  // The same from the server: another device may have done it.
  /** @param {Task} task */
  learn({ withdrawn }) {
    if (!withdrawn || this.of !== null || withdrawn.client_id === this.after) return;
    this.task = { ...this.task, withdrawn };
    this.annotations = annotationsOf(withdrawn);
  }

  // The client_id of one's last answer on it, which what is said now comes after; empty without any.
  get after() {
    return this.of ?? this.task.withdrawn?.client_id ?? "";
  }

  // Have the file come, without decoding it.
  /** @param {Act} [arrived] */
  fetch(arrived = () => {}) {
    const { image_url } = this.task;
    this.#element ??= image_url === null ? withoutPicture(this.task) : load(image_url, arrived);
    return this.#element;
  }

  // The decoded image, or what tells where it is; asked again after a failure, it loads again.
  image() {
    this.#image ??= decode(this.fetch()).catch((error) => {
      this.#image = this.#element = null;
      throw error;
    });
    return this.#image;
  }

  // Why the image does not come, as the server says; null where it says nothing.
  async trouble() {
    const headers = { accept: "application/json" };
    const answer = await fetch(this.task.image_url ?? "", { headers }).catch(() => null);
    if (!answer || answer.ok) return null;
    const reply = await answer.json().catch(() => ({}));
    return failure(answer.status, reply.error?.message ?? "", reply.error?.code);
  }

  shown() {
    this.#shownAt = performance.now();
  }

  // Since the image last appeared; a day at most, as the server takes no more.
  get seconds() {
    return Math.min(86_400, Math.round(performance.now() - this.#shownAt) / 1000);
  }
}

/** @param {Partial<Annotations>} said */
function annotationsOf({ comment = "", escalation = null, tags = [], regions = [] }) {
  return { comment, escalation, tags, regions };
}

/** @param {string} url @param {Act} arrived */
function load(url, arrived) {
  const image = new Image();
  image.alt = t("review.image");
  image.draggable = false;
  image.addEventListener("load", arrived, { once: true });
  image.src = url;
  return image;
}

/** @param {HTMLElement} element */
async function decode(element) {
  if (element instanceof HTMLImageElement) await element.decode();
  return element;
}
