// Marks as they are seen: outlines that lie on the image wherever it is zoomed to, and a list.

import { find } from "../dom.js";
import { t } from "../words.js";
import { corners as cornersOf } from "./regions.js";

const SVG = "http://www.w3.org/2000/svg";
const CORNER_PX = 4;
const FIRST_PX = 7; // it closes the outline
const CROSS_PX = 9;

export class Drawing {
  #zoom;
  #list;

  /** @param {HTMLElement} root @param {Zoom} zoom */
  constructor(root, zoom) {
    this.#zoom = zoom;
    this.surface = find(root, "#marks");
    this.#list = find(root, "#mark-list");
  }

  // The point of the image, in shares, that is at this pixel of the frame.
  /** @param {number} x @param {number} y @returns {Point} */
  shareAt(x, y) {
    const { left, top, width, height } = this.#zoom.imageBox;
    return [(x - left) / width, (y - top) / height];
  }

  // The outlines, and which of them is in hand. Two lines, a light one within a dark one, so that
  // they are seen on any image.
  /** @param {Region[]} regions @param {number} inHand @param {Sketch | null} [sketch] */
  draw(regions, inHand, sketch = null) {
    const box = regions.length > 0 || sketch ? this.#zoom.box : null; // measuring takes time on each image
    const outlines = box ? regions.map((region, i) => outline(region, box, i, i === inHand)) : [];
    if (box && sketch) outlines.push(sketched(sketch, box));
    find(this.surface, "svg", SVGElement).replaceChildren(...outlines);
  }

  /** @param {string[]} descriptions @param {number} inHand */
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

/** @param {Region} region @param {Box} box @param {number} i @param {boolean} isInHand */
export function outline(region, box, i, isInHand) {
  const points = cornersOf(region).map(onFrame(box));
  const group = document.createElementNS(SVG, "g");
  group.classList.toggle("is-in-hand", isInHand);
  group.append(...lines("polygon", { points: points.join(" ") }));
  const number = document.createElementNS(SVG, "text");
  number.setAttribute("x", String(Math.min(...points.map((point) => point[0])) + 6));
  number.setAttribute("y", String(Math.min(...points.map((point) => point[1])) + 17));
  number.textContent = String(i + 1);
  group.append(number);
  return group;
}

// An outline on its way: its corners, the line to where another one would be, and the cross there
// that keys move.
/** @param {Sketch} sketch @param {Box} box */
function sketched({ corners, next, hasCross }, box) {
  const group = document.createElementNS(SVG, "g");
  const points = [...corners, ...(next ? [next] : [])].map(onFrame(box));
  group.classList.add("sketch");
  group.append(...lines("polyline", { points: points.join(" ") }));
  for (const [i, [cx, cy]] of points.slice(0, corners.length).entries()) {
    group.append(...lines("circle", { cx, cy, r: i === 0 ? FIRST_PX : CORNER_PX }));
  }
  const last = points.at(-1);
  if (hasCross && last) group.append(...lines("path", { d: cross(last) }));
  return group;
}

/** @param {Point} point */
function cross([x, y]) {
  return `M${x - CROSS_PX} ${y}h${2 * CROSS_PX}M${x} ${y - CROSS_PX}v${2 * CROSS_PX}`;
}

/** @param {Box} box @returns {(point: Point) => Point} */
function onFrame({ left, top, width, height }) {
  return ([x, y]) => [left + x * width, top + y * height];
}

/** @param {string} shape @param {Record<string, string | number>} attributes */
function lines(shape, attributes) {
  return ["under", "over"].map((line) => {
    const element = document.createElementNS(SVG, shape);
    element.setAttribute("class", line);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    return element;
  });
}

/** @param {number} i */
function removeButton(i) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.mark = String(i);
  button.textContent = t("beside.remove");
  button.setAttribute("aria-label", t("beside.remove_mark", { mark: i + 1 }));
  return button;
}
