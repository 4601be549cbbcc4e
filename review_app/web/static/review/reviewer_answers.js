// What everybody said of an image that an admin decides: side by side, with the marks they set.

import { clamped } from "../clamp.js";
import { find, findAll } from "../dom.js";
import { moment, t } from "../words.js";
import { outline } from "./drawing.js";
import { tagName } from "./tagname.js";

export class ReviewerAnswers {
  #section;
  #list;
  #note;
  #surface;
  #zoom;
  /** @type {Region[]} */
  #shown = []; // regions of the answer whose marks are on the image

  /** @param {HTMLElement} root @param {ZoomPanel} zoomPanel */
  constructor(root, zoomPanel) {
    this.#section = find(root, "#statements");
    this.#list = find(root, "#statement-list");
    this.#note = find(root, "#statement-note");
    this.#surface = find(root, "#their-marks");
    this.#zoom = zoomPanel.zoom;
    this.#zoom.on("change", () => this.#draw());
    this.#note.addEventListener("click", () => zoomPanel.open());
  }

  // Those of another image; null where the person is told of none.
  /** @param {ReviewerAnswer[] | null | undefined} answers */
  show(answers) {
    const n = answers?.length ?? 0;
    this.#section.hidden = this.#note.hidden = n === 0;
    if (n > 0) this.#note.textContent = t("statements.said", { n });
    this.#list.replaceChildren(...(answers ?? []).map((answer) => this.#row(answer)));
    this.#mark([]);
  }

  /** @param {ReviewerAnswer} answer */
  #row(answer) {
    const row = document.createElement("li");
    row.append(line("who", who(answer)), line("value", t(`review.${answer.value}`)));
    if (answer.together) row.append(line("together", t("statements.together", { n: answer.together })));
    if (answer.escalation) row.append(line("asks", t("statements.asks", { why: answer.escalation })));
    if (answer.comment) row.append(line("comment", answer.comment));
    if (answer.tags.length > 0) row.append(line("tags", answer.tags.map(tagName).join(" · ")));
    if (answer.regions.length > 0) row.append(this.#marksButton(answer.regions));
    return row;
  }

  /** @param {Region[]} regions */
  #marksButton(regions) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t("statements.marks", { n: regions.length });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") === "false";
      this.#mark(on ? regions : []);
      button.setAttribute("aria-pressed", String(on));
    });
    return button;
  }

  /** @param {Region[]} regions */
  #mark(regions) {
    this.#shown = regions;
    for (const button of findAll(this.#list, "button[aria-pressed]")) {
      button.setAttribute("aria-pressed", "false");
    }
    this.#draw();
  }

  #draw() {
    const { box } = this.#zoom;
    const outlines = box ? this.#shown.map((region, i) => outline(region, box, i, true)) : [];
    find(this.#surface, "svg", SVGElement).replaceChildren(...outlines);
  }
}

/** @param {ReviewerAnswer} answer */
function who({ reviewer, own, labelled_at }) {
  const at = moment(new Date(labelled_at));
  return own ? t("statements.you", { at }) : t("statements.who", { reviewer, at });
}

/** @param {string} name @param {string} text */
function line(name, text) {
  const paragraph = document.createElement("p");
  paragraph.className = name;
  paragraph.append(clamped(text));
  return paragraph;
}
