// What is on show: the current card's image, or why there is none.

import { t } from "../words.js";
import { drawn } from "./after_frame.js";

const PAUSE_MS = 300; // without an image: from then on, a press may mean the one before
const LONGEST_MS = 2000; // that a press waits for its image

export class Viewer {
  #view;
  #deck;
  #prefetch;
  #pauses;
  #drafts;
  /** @type {Card | null} */
  #coming = null; // the card whose image is awaited
  /** @type {Card | null} */
  #placed = null; // the card whose image is on the page
  /** @type {Card | null} */
  #shown = null; // the same, once it was drawn on the screen
  /** @type {Card | null} */
  #broken = null; // the card whose image did not load
  #left = 0; // when the last image went
  #arrival = new Arrival(); // of the next one

  /**
   * @param {View} view
   * @param {Deck} deck
   * @param {Prefetch} prefetch
   * @param {Pauses} pauses
   * @param {Drafts} drafts
   */
  constructor(view, deck, prefetch, pauses, drafts) {
    this.#view = view;
    this.#deck = deck;
    this.#prefetch = prefetch;
    this.#pauses = pauses;
    this.#drafts = drafts;
    view.annotationPanel.on("change", () => this.#keepDraft());
    drafts.on("change", (detail) => this.#saidInOtherTab(detail.item));
  }

  // Whether the current card's image is there to be judged.
  get canSee() {
    return this.#shown !== null && this.#shown === this.#deck.current;
  }

  get isBroken() {
    return this.#broken !== null && this.#broken === this.#deck.current;
  }

  // Whether who pressed at this time had seen for a while that there was no image.
  /** @param {number} pressed */
  isLate(pressed) {
    const isMissed = !this.#arrival.isOver && !this.#isPlaced && !this.isBroken;
    return isMissed && pressed - this.#left > PAUSE_MS;
  }

  // A press that comes a moment before its image waits for it; one that comes with it, for the frame.
  async settle() {
    const rest = this.#left + LONGEST_MS - performance.now();
    const tooLong = new Promise((done) => void setTimeout(done, rest));
    if (!this.#isPlaced) await Promise.race([this.#arrival.over, tooLong]);
    if (this.#isPlaced) await this.#arrival.over;
  }

  // What was said so far beside the image on show stays with it.
  keep() {
    const card = this.#onPage;
    if (card) card.annotations = this.#view.annotationPanel.value;
  }

  // skip: what a person can do about an image that does not load.
  /** @param {string} words @param {Act} skip */
  show(words, skip) {
    const card = this.#deck.current;
    if (this.#prefetch.isResting || this.#isPlaced || (card && this.#coming === card)) return;
    this.#clear();
    this.#present(card, words, skip);
  }

  // The current card, if its image is on the page.
  get #onPage() {
    return this.#placed === this.#deck.current ? this.#placed : null;
  }

  get #isPlaced() {
    return Boolean(this.#onPage);
  }

  /** @param {Card | undefined} card @param {string} words @param {Act} skip */
  async #present(card, words, skip) {
    if (!card) {
      this.#pauses.none();
      if (words) this.#view.say(words);
      if (!this.#prefetch.isTaking) this.#arrival.end();
      return;
    }
    this.#coming = card;
    this.#view.showWaiting();
    const image = await card.image().catch(() => null);
    if (this.#coming !== card || this.#deck.current !== card) return;
    this.#coming = null;
    if (image) {
      this.#place(card, image, words);
      await drawn();
      if (this.#placed === card) this.#seen(card);
    } else {
      this.#broken = card;
      this.#arrival.end();
      const trouble = await card.trouble();
      if (this.isBroken) this.#pauses.broken(trouble, () => this.show("", skip), skip);
    }
  }

  // Nothing is on show, and nothing is kept from others, until the person goes on.
  /** @param {Act} goOn */
  rest(goOn) {
    this.keep();
    this.#clear();
    this.#arrival.end();
    this.#prefetch.rest();
    this.#pauses.rest(goOn);
  }

  #clear() {
    if (this.#shown) this.#left = performance.now();
    if (this.#arrival.isOver) this.#arrival = new Arrival();
    this.#coming = this.#placed = this.#shown = null;
    this.#view.annotationPanel.close();
    this.#view.annotationPanel.value = {};
    this.#view.grid.offer(0);
  }

  /** @param {Card} card @param {HTMLElement} image @param {string} words */
  #place(card, image, words) {
    this.#view.showImage(image, card.task);
    this.#view.grid.offer(card.task.alike ?? 0);
    this.#view.annotationPanel.value = this.#drafts.of(card) ?? card.annotations;
    this.#placed = card;
    this.#view.say(`${words} ${t("review.next")}`.trim());
  }

  #keepDraft() {
    const card = this.#onPage;
    if (card) this.#drafts.keep(card, this.#view.annotationPanel.value);
  }

  // In another tab, of the same image.
  /** @param {string} item */
  #saidInOtherTab(item) {
    const card = this.#onPage;
    if (card?.task.item_id !== item) return;
    const said = this.#drafts.of(card);
    if (said) this.#view.annotationPanel.value = said;
  }

  /** @param {Card} card */
  #seen(card) {
    this.#shown = card;
    card.shown();
    this.#arrival.end();
  }
}

// Of an image on the screen, or of the news that none comes.
class Arrival {
  #done = () => {};
  isOver = false;
  /** @type {Promise<void>} */
  over = new Promise((done) => void (this.#done = done));

  end() {
    this.isOver = true;
    this.#done();
  }
}
