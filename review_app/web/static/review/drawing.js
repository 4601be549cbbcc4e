// Marks as they are seen: outlines that lie on the image wherever it is zoomed to, and a list.

import { t } from "../words.js";
import { corners } from "./regions.js";

const SVG = "http://www.w3.org/2000/svg";

export class Drawing {
  #zoom;
  #list;

  constructor(root, zoom) {
    this.#zoom = zoom;
    this.surface = root.querySelector("#marks");
    this.#list = root.querySelector("#mark-list");
  }

  // The point of the image, in shares, that is at this pixel of the frame.
  shareAt(x, y) {
    const { left, top, width, height } = this.#zoom.box;
    return [(x - left) / width, (y - top) / height];
  }

  // The outlines, and which of them is in hand. Two lines, a light one within a dark one, so that
  // they are seen on any image.
  draw(regions, inHand) {
    const box = regions.length > 0 ? this.#zoom.box : null; // measuring takes time on each image
    const outlines = box ? regions.map((region, i) => outline(region, box, i, i === inHand)) : [];
    this.surface.firstElementChild.replaceChildren(...outlines);
  }

  list(descriptions, inHand) {
    const rows = descriptions.map((words, i) => {
      const row = document.createElement("li");
      if (i === inHand) row.setAttribute("aria-current", "true");
      row.append(words, removeButton(i));
      return row;
    });
    this.#list.hidden = rows.length === 0;
    this.#list.replaceChildren(...rows);
  }
}

export function outline(region, { left, top, width, height }, i, isInHand) {
  const points = corners(region).map(([x, y]) => [left + x * width, top + y * height]);
  const group = document.createElementNS(SVG, "g");
  group.classList.toggle("is-in-hand", isInHand);
  for (const line of ["under", "over"]) {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("class", line);
    shape.setAttribute("points", points.join(" "));
    group.append(shape);
  }
  const number = document.createElementNS(SVG, "text");
  number.setAttribute("x", Math.min(...points.map((point) => point[0])) + 6);
  number.setAttribute("y", Math.min(...points.map((point) => point[1])) + 17);
  number.textContent = i + 1;
  group.append(number);
  return group;
}

function removeButton(i) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.mark = i;
  button.textContent = t("beside.remove");
  button.setAttribute("aria-label", t("beside.remove_mark", { mark: i + 1 }));
  return button;
}
