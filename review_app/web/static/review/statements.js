// What everybody said of an image that an admin decides: side by side, with the marks they set.

import { clamped } from "../clamp.js";
import { moment, t } from "../words.js";
import { outline } from "./drawing.js";
import { tagName } from "./tagname.js";

export class Statements {
  #section;
  #list;
  #note;
  #surface;
  #zoom;
  #shown = []; // regions of the statement whose marks are on the image

  constructor(root, zoomPanel) {
    this.#section = root.querySelector("#statements");
    this.#list = root.querySelector("#statement-list");
    this.#note = root.querySelector("#statement-note");
    this.#surface = root.querySelector("#their-marks");
    this.#zoom = zoomPanel.zoom;
    this.#zoom.on("change", () => this.#draw());
    this.#note.addEventListener("click", () => zoomPanel.open());
  }

  // Those of another image; null where the person is told of none.
  show(statements) {
    const n = statements?.length ?? 0;
    this.#section.hidden = this.#note.hidden = n === 0;
    if (n > 0) this.#note.textContent = t("statements.said", { n });
    this.#list.replaceChildren(...(statements ?? []).map((statement) => this.#row(statement)));
    this.#mark([]);
  }

  #row(statement) {
    const row = document.createElement("li");
    row.append(line("who", who(statement)), line("value", t(`review.${statement.value}`)));
    if (statement.together) row.append(line("together", t("statements.together", { n: statement.together })));
    if (statement.escalation) row.append(line("asks", t("statements.asks", { why: statement.escalation })));
    if (statement.comment) row.append(line("comment", statement.comment));
    if (statement.tags.length > 0) row.append(line("tags", statement.tags.map(tagName).join(" · ")));
    if (statement.regions.length > 0) row.append(this.#marksButton(statement.regions));
    return row;
  }

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

  #mark(regions) {
    this.#shown = regions;
    for (const button of this.#list.querySelectorAll("button[aria-pressed]")) {
      button.setAttribute("aria-pressed", "false");
    }
    this.#draw();
  }

  #draw() {
    const { box } = this.#zoom;
    const outlines = box ? this.#shown.map((region, i) => outline(region, box, i, true)) : [];
    this.#surface.firstElementChild.replaceChildren(...outlines);
  }
}

function who({ reviewer, own, labelled_at }) {
  const at = moment(new Date(labelled_at));
  return own ? t("statements.you", { at }) : t("statements.who", { reviewer, at });
}

function line(name, text) {
  const paragraph = document.createElement("p");
  paragraph.className = name;
  paragraph.append(clamped(text));
  return paragraph;
}
