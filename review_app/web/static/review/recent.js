// One's own recent answers: what was said of which image, to be changed or looked at again.

import { clamped } from "../clamp.js";
import { closest, find, findAll, make } from "../dom.js";
import { ended, listed, moment, t } from "../words.js";
import { ANSWERS, isAnswer } from "./answers.js";
import { Emitter } from "./emitter.js";
import { claimLine } from "./file_claim.js";
import { merged } from "./merged.js";
import { tagName } from "./tagname.js";
import { answerName } from "./view.js";

/** @type {Intl.DateTimeFormatOptions} */
const TODAY = { timeStyle: "short" };

/** @extends {Emitter<{ change: { answer: OwnAnswer, value: Value }, open: { answer: OwnAnswer } }>} */
export class Recent extends Emitter {
  #root;
  #server;
  #outbox;
  #keymap;
  #dialog;
  #list;
  #told; // a line above the list
  /** @type {OwnAnswer[]} */
  #known = []; // what the server has said, newest first, and what it has taken since
  /** @type {Set<string | undefined>} */
  #revealed = new Set(); // item ids whose images the person has asked to see

  // Tells of "change" {answer, value}, and of "open" {answer}.
  /** @param {HTMLElement} root @param {Server} server @param {Outbox} outbox @param {Keymap} keymap */
  constructor(root, server, outbox, keymap) {
    super();
    this.#root = root;
    this.#server = server;
    this.#outbox = outbox;
    this.#keymap = keymap;
    this.#dialog = find(root, "#recent", HTMLDialogElement);
    this.#list = find(root, "#recent-list");
    this.#told = find(root, "#recent-told");
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    outbox.on("change", () => this.#dialog.open && this.#draw());
    outbox.on("stored", (detail) => this.#stored(detail.entry));
    outbox.on("refused", (detail) => this.#say(t("review.not_taken", { why: ended(detail.why) })));
  }

  /** @param {string} action */
  act(action) {
    if (action !== "recent") return false;
    this.#open();
    return true;
  }

  async #open() {
    this.#known = [];
    this.#revealed.clear();
    this.#draw();
    this.#say(t("recent.loading"));
    this.#dialog.showModal();
    try {
      this.#known = await this.#server.recent();
      this.#say("");
    } catch {
      this.#say(t("recent.unreachable"));
    }
    this.#draw();
  }

  get #answers() {
    return merged(this.#known, this.#outbox.entries());
  }

  /** @param {Entry} entry */
  #stored(entry) {
    if (this.#dialog.open) this.#known = merged(this.#known, [entry], { sent: true });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = closest(event, "button:not(.show-more)");
    const place = button?.closest("li");
    const answer = this.#answers.find((one) => one.client_id === place?.dataset.answer);
    if (!answer || !button || !place || button.getAttribute("aria-disabled") === "true") return;
    const { value } = button.dataset;
    if (button.matches(".thumbnail")) this.#toggle(place);
    else if (value === undefined) {
      this.#dialog.close();
      this.tell("open", { answer });
    } else if (isAnswer(value) && value !== answer.value) {
      this.tell("change", { answer, value });
    }
  }

  // Blurred images

  get #isCovered() {
    return !["none", undefined].includes(this.#root.dataset.veil);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (!this.#isCovered || this.#keymap.actionOf(event)?.name !== "veil") return;
    event.preventDefault();
    const place = this.#at;
    if (place) this.#toggle(place);
    else this.#say(t("recent.show_which"));
  }

  // The answer that somebody is at: a mouse that only rests somewhere says nothing of whoever goes
  // from one to the next by keys.
  get #at() {
    const ways = ["li:has(:focus-visible)", "li:hover", "li:focus-within"];
    return ways.flatMap((way) => findAll(this.#list, way))[0];
  }

  /** @param {HTMLElement} place */
  #toggle(place) {
    const { item } = place.dataset;
    if (!this.#revealed.delete(item)) this.#revealed.add(item);
    reveal(place, this.#revealed.has(item));
  }

  // Rows stay in place when one is changed, and the focus stays on its button.
  #draw() {
    const { item, which } = this.#focused();
    const answers = this.#answers;
    this.#list.replaceChildren(...answers.map((answer) => row(answer, this.#isCovered)));
    for (const place of findAll(this.#list, "li")) reveal(place, this.#revealed.has(place.dataset.item));
    find(this.#dialog, "#recent-none").hidden = answers.length > 0;
    find(this.#dialog, "#recent-veiled").hidden = answers.length === 0 || !this.#isCovered;
    findAll(this.#list, `[data-item="${item}"] button`)[which]?.focus();
  }

  #focused() {
    const [place] = findAll(this.#list, "li:focus-within");
    const buttons = place ? findAll(place, "button") : [];
    return { item: place?.dataset.item, which: buttons.findIndex((one) => one === document.activeElement) };
  }

  /** @param {string} text */
  #say(text) {
    this.#told.textContent = text;
  }
}

/** @param {OwnAnswer} answer @param {boolean} isCovered */
function row(answer, isCovered) {
  const place = make("li", { className: "own" });
  place.dataset.answer = answer.client_id;
  place.dataset.item = answer.item_id;
  const name = answerName(answer.value);
  const said = t("recent.said", { time: timeOf(answer.labelled_at), answer: name });
  const first = make("p", { className: "said" }, said);
  const words = make("div", { className: "words" }, first, ...details(answer).map(quiet));
  place.append(thumbnail(answer, isCovered && said), words, choices(answer, said));
  return place;
}

/** @param {string} text */
function quiet(text) {
  return make("p", { className: "quiet-text" }, clamped(text));
}

/** @param {OwnAnswer} answer @returns {string[]} */
function details(answer) {
  const { comment, tags = [], regions = [], escalation, opinion, claim, path } = answer;
  const lines = [
    path,
    comment,
    listed(tags.map(tagName)),
    regions.length > 0 && t("recent.marks", { n: regions.length }),
    escalation && t("recent.escalated", { reason: escalation }),
    opinion && t("review.previous_model", { words: opinion.words }),
    claim && claimLine(claim),
    state(answer),
  ];
  return lines.flatMap((line) => line || []);
}

/** @param {OwnAnswer} answer */
function state({ unsent, changeable, final_at }) {
  if (unsent) return t("recent.unsent");
  if (changeable) return final_at ? t("recent.until", { time: timeOf(final_at) }) : "";
  return final_at && Date.parse(final_at) <= Date.now() ? t("recent.final") : t("recent.decided");
}

/** @param {OwnAnswer} answer @param {string} said */
function choices(answer, said) {
  const group = make("div", { className: "choices" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", said);
  for (const value of ANSWERS) {
    const button = make("button", { type: "button" }, t(`review.${value}`));
    button.dataset.value = value;
    button.setAttribute("aria-pressed", String(value === answer.value));
    button.setAttribute("aria-disabled", String(!answer.changeable));
    group.append(button);
  }
  const again = make("button", { type: "button", className: "again" }, t("recent.open"));
  again.setAttribute("aria-label", t("recent.open_what", { said }));
  again.setAttribute("aria-disabled", String(!answer.changeable));
  group.append(again);
  return group;
}

// A blurred one is a button that shows it, named after what was said.
/** @param {OwnAnswer} answer @param {string | false} said */
function thumbnail({ image_url }, said) {
  const className = "thumbnail";
  if (!image_url) return make("span", { className });
  const image = make("img", { src: image_url, alt: "", loading: "lazy", decoding: "async" });
  if (!said) return make("span", { className }, image);
  return make("button", { className, type: "button", ariaLabel: t("recent.show", { said }) }, image);
}

/** @param {HTMLElement} place @param {boolean} on */
function reveal(place, on) {
  place.classList.toggle("is-shown", on);
  place.querySelector("button.thumbnail")?.setAttribute("aria-pressed", String(on));
}

/** @param {string} time */
function timeOf(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? moment(date, TODAY) : moment(date);
}
