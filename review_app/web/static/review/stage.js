// What is on show: the current card's image, or why there is none.

import { t } from "../words.js";

export class Stage {
  #view;
  #deck;
  #supply;
  #pauses;
  #shown = null; // the card whose image is on the page
  #broken = null; // the card whose image did not load

  constructor(view, deck, supply, pauses) {
    this.#view = view;
    this.#deck = deck;
    this.#supply = supply;
    this.#pauses = pauses;
  }

  // Whether the current card's image is there to be judged.
  get canSee() {
    return this.#shown !== null && this.#shown === this.#deck.current;
  }

  get isBroken() {
    return this.#broken !== null && this.#broken === this.#deck.current;
  }

  // What was said so far beside the image on show stays with it.
  keep() {
    if (this.canSee) this.#shown.beside = this.#view.beside.value;
  }

  // skip: what a person can do about an image that does not load.
  async show(words, skip) {
    const card = this.#deck.current;
    if (this.#supply.isResting || this.canSee) return;
    this.#clear();
    if (!card) {
      this.#pauses.none();
      if (words) this.#view.say(words);
      return;
    }
    this.#view.showWaiting();
    const image = await card.image().catch(() => null);
    if (this.#deck.current !== card || this.canSee) return;
    if (image) {
      this.#showImage(card, image, words);
    } else {
      this.#broken = card;
      this.#pauses.broken(() => this.show("", skip), skip);
    }
  }

  // Nothing is on show, and nothing is kept from others, until the person goes on.
  rest(goOn) {
    this.keep();
    this.#clear();
    this.#supply.rest();
    this.#pauses.rest(goOn);
  }

  #clear() {
    this.#shown = null;
    this.#view.beside.close();
    this.#view.beside.value = {};
    this.#view.grid.offer(0);
  }

  #showImage(card, image, words) {
    this.#view.showImage(image, card.task);
    this.#view.grid.offer(card.task.alike ?? 0);
    this.#view.beside.value = card.beside;
    this.#shown = card;
    card.shown();
    this.#view.say(`${words} ${t("review.next")}`.trim());
  }
}
