// The part of the header that is about this page: queue, progress, whether all is saved.

import { t } from "../words.js";

export class Status {
  constructor(place) {
    place.innerHTML = `<div class="status">
<label id="queue-label" hidden><span class="visually-hidden">Queue</span>
<select id="queue"><option value="waiting">Waiting</option>
<option value="escalated">Escalated</option></select></label>
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
    this.progress.textContent = `${progress.waiting} wait · ${progress.done_today} done today`;
    this.session.textContent = `${progress.done_session} this session`;
    this.order.textContent = `Order: ${progress.order}`;
    if (progress.escalated === null) return;
    this.queueLabel.hidden = false;
    this.queue.options[1].textContent = `Escalated (${progress.escalated})`;
  }

  setSaved(text, isFine) {
    if (this.saved.textContent === text) return;
    this.saved.textContent = text;
    this.saved.classList.toggle("is-fine", isFine);
  }
}
