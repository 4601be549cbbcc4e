// The part of the header that is about this page: queue, progress, whether all is saved.

import { t } from "../words.js";

export class Status {
  constructor(place) {
    place.innerHTML = `<div class="status">
<label id="queue-label" hidden><span class="visually-hidden">${t("status.queue")}</span>
<select id="queue"><option value="waiting">${t("status.waiting")}</option>
<option value="escalated">${t("status.escalated")}</option></select></label>
<span id="progress"></span><button type="button" id="session" aria-haspopup="dialog">${t("care.title")}</button><span id="order"></span>
<span id="saved" role="status"></span></div>`;
    this.queue = place.querySelector("#queue");
    this.queueLabel = place.querySelector("#queue-label");
    this.progress = place.querySelector("#progress");
    this.session = place.querySelector("#session");
    this.order = place.querySelector("#order");
    this.saved = place.querySelector("#saved");
  }

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
  setSaved(text, isFine, address = null) {
    if (this.saved.textContent === text) return;
    const link = Object.assign(document.createElement("a"), { href: address, textContent: text });
    this.saved.replaceChildren(address === null ? text : link);
    this.saved.classList.toggle("is-fine", isFine);
  }
}
