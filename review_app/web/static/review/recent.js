// One's own recent answers: what was said of which image, to be changed or looked at again.

import { clamped } from "../clamp.js";
import { ended, listed, moment, t } from "../words.js";
import { Emitter } from "./emitter.js";
import { merged } from "./merged.js";
import { claimLine } from "./says.js";
import { tagName } from "./tagname.js";
import { answerName } from "./view.js";

const VALUES = ["real", "fake", "unsure", "undecidable"];
const TODAY = { timeStyle: "short" };

export class Recent extends Emitter {
  #root;
  #server;
  #outbox;
  #keymap;
  #dialog;
  #list;
  #told; // a line above the list
  #known = []; // what the server has said, newest first, and what it has taken since
  #revealed = new Set(); // item ids whose images the person has asked to see

  // Tells of "change" {answer, value}, and of "open" {answer}.
  constructor(root, server, outbox, keymap) {
    super();
    this.#root = root;
    this.#server = server;
    this.#outbox = outbox;
    this.#keymap = keymap;
    this.#dialog = root.querySelector("#recent");
    this.#list = root.querySelector("#recent-list");
    this.#told = root.querySelector("#recent-told");
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    outbox.on("change", () => this.#dialog.open && this.#draw());
    outbox.on("stored", (detail) => this.#stored(detail.entry));
    outbox.on("refused", (detail) => this.#say(t("review.not_taken", { why: ended(detail.why) })));
  }

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

  #stored(entry) {
    if (this.#dialog.open) this.#known = merged(this.#known, [entry], { sent: true });
  }

  #click(event) {
    const button = event.target.closest("button:not(.show-more)");
    const answer = this.#answers.find((one) => one.client_id === button?.closest("li").dataset.answer);
    if (!answer || button.getAttribute("aria-disabled") === "true") return;
    const { value } = button.dataset;
    if (button.matches(".thumbnail")) this.#toggle(button.closest("li"));
    else if (value === undefined) {
      this.#dialog.close();
      this.tell("open", { answer });
    } else if (value !== answer.value) {
      this.tell("change", { answer, value });
    }
  }

  // Blurred images

  get #isCovered() {
    return !["none", undefined].includes(this.#root.dataset.veil);
  }

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
    return ways.map((way) => this.#list.querySelector(way)).find(Boolean);
  }

  #toggle(place) {
    const { item } = place.dataset;
    if (!this.#revealed.delete(item)) this.#revealed.add(item);
    reveal(place, this.#revealed.has(item));
  }

  // Rows stay in place when one is changed, and the focus stays on its button.
  #draw() {
    const [item, which] = this.#focused();
    const answers = this.#answers;
    this.#list.replaceChildren(...answers.map((answer) => row(answer, this.#isCovered)));
    for (const place of this.#list.children) reveal(place, this.#revealed.has(place.dataset.item));
    this.#dialog.querySelector("#recent-none").hidden = answers.length > 0;
    this.#dialog.querySelector("#recent-veiled").hidden = answers.length === 0 || !this.#isCovered;
    this.#list.querySelectorAll(`[data-item="${item}"] button`)[which]?.focus();
  }

  #focused() {
    const place = this.#list.querySelector("li:focus-within");
    const buttons = [...(place?.querySelectorAll("button") ?? [])];
    return [place?.dataset.item, buttons.indexOf(document.activeElement)];
  }

  #say(text) {
    this.#told.textContent = text;
  }
}

function row(answer, isCovered) {
  const place = make("li", "own");
  place.dataset.answer = answer.client_id;
  place.dataset.item = answer.item_id;
  const name = answerName(answer.value);
  const said = t("recent.said", { time: timeOf(answer.labelled_at), answer: name });
  const words = make("div", "words");
  words.append(make("p", "said", said), ...details(answer).map((line) => quiet(line)));
  place.append(thumbnail(answer, isCovered && said), words, choices(answer, said));
  return place;
}

function quiet(text) {
  const line = make("p", "quiet-text");
  line.append(clamped(text));
  return line;
}

function details(answer) {
  const { comment, tags = [], regions = [], escalation, opinion, claim, path } = answer;
  return [
    path,
    comment,
    listed(tags.map(tagName)),
    regions.length > 0 && t("recent.marks", { n: regions.length }),
    escalation && t("recent.escalated", { reason: escalation }),
    opinion && t("review.previous_model", { words: opinion.words }),
    claim && claimLine(claim),
    state(answer),
  ].filter(Boolean);
}

function state({ unsent, changeable, final_at }) {
  if (unsent) return t("recent.unsent");
  if (changeable) return final_at ? t("recent.until", { time: timeOf(final_at) }) : "";
  return final_at && new Date(final_at) <= Date.now() ? t("recent.final") : t("recent.decided");
}

function choices(answer, said) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", said);
  for (const value of VALUES) {
    const button = make("button", "", t(`review.${value}`));
    button.dataset.value = value;
    button.setAttribute("aria-pressed", String(value === answer.value));
    button.setAttribute("aria-disabled", String(!answer.changeable));
    group.append(button);
  }
  const again = make("button", "again", t("recent.open"));
  again.setAttribute("aria-label", t("recent.open_what", { said }));
  again.setAttribute("aria-disabled", String(!answer.changeable));
  group.append(again);
  for (const button of group.children) button.type = "button";
  return group;
}

// A blurred one is a button that shows it, named after what was said.
function thumbnail({ image_url }, said) {
  const place = make(image_url && said ? "button" : "span", "thumbnail");
  if (!image_url) return place;
  if (said) Object.assign(place, { type: "button", ariaLabel: t("recent.show", { said }) });
  const image = make("img", "");
  Object.assign(image, { src: image_url, alt: "", loading: "lazy", decoding: "async" });
  place.append(image);
  return place;
}

function reveal(place, on) {
  place.classList.toggle("is-shown", on);
  place.querySelector("button.thumbnail")?.setAttribute("aria-pressed", String(on));
}

function timeOf(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? moment(date, TODAY) : moment(date);
}

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
