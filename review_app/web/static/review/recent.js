// One's own recent answers: what was said of which image, to be changed or looked at again.

import { ended, moment, t } from "../words.js";
import { merged } from "./merged.js";
import { answerName } from "./view.js";

const VALUES = ["real", "fake", "unsure", "undecidable"];
const TODAY = { timeStyle: "short" };

export class Recent extends EventTarget {
  #server;
  #outbox;
  #dialog;
  #list;
  #told; // a line above the list
  #known = []; // what the server has said, newest first, and what it has taken since

  // Tells of "change" {answer, value}, and of "open" {answer}.
  constructor(root, server, outbox) {
    super();
    this.#server = server;
    this.#outbox = outbox;
    this.#dialog = root.querySelector("#recent");
    this.#list = root.querySelector("#recent-list");
    this.#told = root.querySelector("#recent-told");
    this.#list.addEventListener("click", (event) => this.#click(event));
    outbox.addEventListener("change", () => this.#dialog.open && this.#draw());
    outbox.addEventListener("stored", ({ detail }) => this.#stored(detail.entry));
    outbox.addEventListener("refused", ({ detail }) => this.#say(t("review.not_taken", { why: ended(detail.why) })));
  }

  act(action) {
    if (action !== "recent") return false;
    this.#open();
    return true;
  }

  async #open() {
    this.#known = [];
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
    const button = event.target.closest("button");
    const answer = this.#answers.find((one) => one.client_id === button?.closest("li").dataset.answer);
    if (!answer || button.getAttribute("aria-disabled") === "true") return;
    const { value } = button.dataset;
    if (value === undefined) {
      this.#dialog.close();
      this.#tell("open", { answer });
    } else if (value !== answer.value) {
      this.#tell("change", { answer, value });
    }
  }

  // Rows stay in place when one is changed, and the focus stays on its button.
  #draw() {
    const [item, value] = [...this.#focused()];
    const answers = this.#answers;
    this.#list.replaceChildren(...answers.map(row));
    this.#dialog.querySelector("#recent-none").hidden = answers.length > 0;
    this.#list.querySelector(`[data-item="${item}"] [data-value="${value}"]`)?.focus();
  }

  #focused() {
    const button = this.#list.contains(document.activeElement) ? document.activeElement : null;
    return [button?.closest("li").dataset.item, button?.dataset.value];
  }

  #say(text) {
    this.#told.textContent = text;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function row(answer) {
  const place = make("li", "own");
  place.dataset.answer = answer.client_id;
  place.dataset.item = answer.item_id;
  const name = answerName(answer.value);
  const said = t("recent.said", { time: timeOf(answer.labelled_at), answer: name });
  const words = make("div", "words");
  words.append(make("p", "said", said), ...details(answer).map((line) => make("p", "quiet-text", line)));
  place.append(thumbnail(answer), words, choices(answer, said));
  return place;
}

function details(answer) {
  const { comment, tags = [], regions = [], escalation, opinion, path } = answer;
  return [
    path,
    comment,
    tags.join(", "),
    regions.length > 0 && t("recent.marks", { n: regions.length }),
    escalation && t("recent.escalated", { reason: escalation }),
    opinion && t("review.previous_model", { words: opinion.words }),
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

function thumbnail({ image_url }) {
  if (!image_url) return make("span", "thumbnail");
  const image = make("img", "thumbnail");
  Object.assign(image, { src: image_url, alt: "", loading: "lazy", decoding: "async" });
  return image;
}

function timeOf(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? moment(date, TODAY) : moment(date);
}

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
