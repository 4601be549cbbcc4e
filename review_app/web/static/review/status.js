// The part of the header that is about this page: queue, progress, whether all is saved.

import { make } from "../dom.js";
import { t } from "../words.js";

export class Status {
  /** @param {Element} place */
  constructor(place) {
    this.queue = make(
      "select",
      { id: "queue" },
      make("option", { value: "waiting" }, t("status.waiting")),
      make("option", { value: "escalated" }, t("status.escalated")),
    );
    const name = make("span", { className: "visually-hidden" }, t("status.queue"));
    this.queueLabel = make("label", { id: "queue-label", hidden: true }, name, this.queue);
    this.progress = make("span", { id: "progress" });
    this.session = make("button", { type: "button", id: "session", ariaHasPopup: "dialog" }, t("care.title"));
    this.order = make("span", { id: "order" });
    this.saved = make("span", { id: "saved", role: "status" });
    const parts = [this.queueLabel, this.progress, this.session, this.order, this.saved];
    place.replaceChildren(make("div", { className: "status" }, ...parts));
  }

  /** @param {Progress} progress */
  setProgress(progress) {
    const { waiting, done_today, done_session, order } = progress;
    this.progress.textContent = t("status.progress", { waiting, done: done_today });
    this.session.textContent = t("status.session", { done: done_session });
    this.order.textContent = t("status.order", { order });
    if (progress.escalated === null) return;
    this.queueLabel.hidden = false;
    this.queue.options[1].textContent = t("status.escalated_n", { n: progress.escalated });
  }

  // address: of what the words ask for; then they are a link.
  /** @param {string} text @param {boolean} isFine @param {string | null} [address] */
  setSaved(text, isFine, address = null) {
    if (this.saved.textContent === text) return;
    const link = Object.assign(document.createElement("a"), { href: address, textContent: text });
    this.saved.replaceChildren(address === null ? text : link);
    this.saved.classList.toggle("is-fine", isFine);
  }
}
