// Images that look like the one on show: held beside the deck while somebody chooses among them,
// and answered together.

import { sentence, t } from "../words.js";
import { Card } from "./deck.js";
import { Emitter } from "./emitter.js";
import { Refused } from "./server.js";

// Tells of "answered": {value, cards, seconds}, seconds being those of one image.
/** @extends {Emitter<{ answered: { value: Value, cards: Card[], seconds: number } }>} */
export class NearDuplicates extends Emitter {
  #grid;
  #server;
  #deck;
  #prefetch;
  /** @type {Card[]} */
  #cards = [];
  #inDeck = new Set(); // item ids that were in the deck before, and stay there
  #since = 0;

  /** @param {Grid} grid @param {Server} server @param {Deck} deck @param {Prefetch} prefetch */
  constructor(grid, server, deck, prefetch) {
    super();
    this.#grid = grid;
    this.#server = server;
    this.#deck = deck;
    this.#prefetch = prefetch;
    grid.on("answer", (detail) => this.#answer(detail));
    grid.on("close", () => this.#putBack());
  }

  /** @param {Card} shown */
  async open(shown) {
    this.#inDeck = new Set(this.#deck.items);
    this.#since = performance.now();
    this.#grid.open();
    if (shown.of) {
      this.#grid.nothing(); // an answer of before that was opened again
      return;
    }
    try {
      const tasks = await this.#server.similar(shown.task.item_id);
      this.#cards = [shown, ...tasks.map((task) => new Card(task))];
      this.#prefetch.alsoHeld = tasks.map((task) => task.item_id);
      if (this.#grid.isOpen) this.#grid.show(this.#cards.map((card) => card.task));
      else this.#putBack();
    } catch (error) {
      this.#grid.failed(error instanceof Refused ? sentence(error.message) : t("grid.failed"));
    }
  }

  close() {
    this.#grid.close();
  }

  // Whether any of these items is to be chosen now.
  /** @param {string[]} items */
  holds(items) {
    return this.#grid.isOpen && this.#cards.some((card) => items.includes(card.task.item_id));
  }

  /** @param {{ value: Value, chosen: Set<string> }} answer */
  #answer({ value, chosen }) {
    const cards = this.#cards.filter((card) => chosen.has(card.task.item_id));
    const each = (performance.now() - this.#since) / 1000 / cards.length;
    const seconds = Math.min(86_400, Math.round(each * 1000) / 1000);
    this.tell("answered", { value, cards, seconds });
    this.#grid.close();
  }

  // What was not answered goes back to the queue, but for what was in the deck anyway.
  #putBack() {
    for (const { task } of this.#cards) {
      if (!this.#inDeck.has(task.item_id)) this.#deck.drop(task.item_id);
    }
    this.#cards = [];
    this.#prefetch.alsoHeld = [];
  }
}
