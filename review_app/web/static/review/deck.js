// The items in hand: the one on show, and the next ones, their images decoded ahead of time.

import { elsewhere } from "./elsewhere.js";

export const AHEAD = 3;
const MOST = 5; // the server hands out no more than this

export class Deck {
  #cards = [];
  #answered = new Set(); // given an answer in this browser: the server may not know it yet

  constructor(unsent) {
    for (const entry of unsent) if (entry.kind !== "undo") this.#answered.add(entry.item_id);
  }

  get current() {
    return this.#cards[0];
  }

  // How many items to ask the server for, given how many answers it has not seen yet.
  wanted(unsent) {
    return Math.min(MOST, AHEAD + unsent);
  }

  get isShort() {
    return this.#cards.length < AHEAD;
  }

  // Items that the server says are ours.
  add(tasks) {
    for (const task of tasks) {
      if (!this.#answered.has(task.item_id) && !this.#has(task)) this.#cards.push(new Card(task));
    }
  }

  // Keep what is on show, and of the rest only what the server still says is ours.
  keepOnly(tasks) {
    const ours = new Set(tasks.map((task) => task.item_id));
    this.#cards = this.#cards.filter((card, i) => i === 0 || ours.has(card.task.item_id));
  }

  // The current card is answered; the next one takes its place.
  pass() {
    const card = this.#cards.shift();
    this.#answered.add(card.task.item_id);
    return card;
  }

  bringBack(card) {
    this.#answered.delete(card.task.item_id);
    if (!this.#has(card.task)) this.#cards.unshift(card);
  }

  drop(itemId) {
    this.#cards = this.#cards.filter((card) => card.task.item_id !== itemId);
  }

  clear() {
    this.#cards = [];
  }

  #has(task) {
    return this.#cards.some((card) => card.task.item_id === task.item_id);
  }
}

export class Card {
  #image = null;
  comment = "";
  #shownAt = 0;

  constructor(task) {
    this.task = task;
    this.image().catch(() => {}); // told when it is shown
  }

  // The decoded image, or what tells where it is; asked again after a failure, it loads again.
  image() {
    this.#image ??= load(this.task).catch((error) => {
      this.#image = null;
      throw error;
    });
    return this.#image;
  }

  shown() {
    this.#shownAt = performance.now();
  }

  // Since the image last appeared; a day at most, as the server takes no more.
  get seconds() {
    return Math.min(86_400, Math.round(performance.now() - this.#shownAt) / 1000);
  }
}

async function load(task) {
  if (task.image_url === null) return elsewhere(task);
  const image = new Image();
  image.alt = "The image to judge";
  image.draggable = false;
  image.src = task.image_url;
  await image.decode();
  return image;
}
