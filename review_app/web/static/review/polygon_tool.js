// An outline that is drawn corner after corner: by pointer, or by keys that move a cross.

import { closest } from "../dom.js";
import { percentage, t } from "../words.js";
import { Emitter } from "./emitter.js";
import { MAX_CORNERS, corner, isLargeEnough, polygon } from "./regions.js";

export const STEP_PX = 8;
/** @type {Record<string, Point>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR_PX = 40;
const SAME_PX = 4; // two clicks nearer than this are one
/** @type {Record<string, number>} */
const REACH_PX = { mouse: 10, pen: 14, touch: 24 }; // so near the first corner, a click means it

// Tells of "change", and of "closed" {region}.
/** @extends {Emitter<{ change: void, closed: { region: Region } }>} */
export class PolygonTool extends Emitter {
  #drawing;
  #zoom;
  #say;
  #mayBegin;
  /** @type {Point[]} */
  #corners = []; // shares of the image
  /** @type {Point | null} */
  #next = null; // where another one would be
  #hasCross = false; // keys have moved it there

  // mayBegin: whether there is room for another mark; it says so where there is none.
  /** @param {Drawing} drawing @param {Zoom} zoom @param {Say} say @param {() => boolean} mayBegin */
  constructor(drawing, zoom, say, mayBegin) {
    super();
    this.#drawing = drawing;
    this.#zoom = zoom;
    this.#say = say;
    this.#mayBegin = mayBegin;
  }

  get isBegun() {
    return this.#corners.length > 0;
  }

  // What is drawn so far, closed; null where that encloses nothing.
  get region() {
    const region = polygon(this.#corners);
    return this.#corners.length > 2 && isLargeEnough(region) ? region : null;
  }

  // How it looks meanwhile; null without any.
  get sketch() {
    if (!this.isBegun && !this.#hasCross) return null;
    return { corners: this.#corners, next: this.#next, hasCross: this.#hasCross };
  }

  // The pointer is over this point of the image; null: over none.
  /** @param {Point | null} point */
  follow(point) {
    const isSeen = this.sketch !== null;
    this.#next = point && corner(point);
    this.#hasCross = false;
    if (isSeen) this.#changed();
  }

  // A corner; the first one again closes the outline.
  /** @param {Point} point @param {string} [pointer] */
  put(point, pointer = "") {
    const at = corner(point);
    if (!this.isBegun && !this.#mayBegin()) return;
    if (this.#corners.length > 2 && this.#isNear(at, 0, REACH_PX[pointer])) this.close();
    else if (!this.isBegun || !this.#isNear(at, -1)) this.#append(at);
  }

  /** @param {Point} at */
  #append(at) {
    if (this.#corners.length === MAX_CORNERS) this.#say(t("beside.most_corners", { n: MAX_CORNERS }));
    else this.#set([...this.#corners, at], t("beside.corner", { n: this.#corners.length + 1, ...place(at) }));
  }

  close() {
    const { region } = this;
    if (!region) {
      this.#say(t("beside.few_corners"));
      return;
    }
    this.drop();
    this.tell("closed", { region });
  }

  // The last corner.
  takeBack() {
    this.#set(this.#corners.slice(0, -1), t("beside.corner_back", { n: this.#corners.length }));
  }

  drop() {
    const isSeen = this.sketch !== null;
    this.#next = null;
    this.#hasCross = false;
    this.#corners = [];
    if (isSeen) this.#changed();
  }

  // Whether a key press was for the outline.
  /** @param {KeyboardEvent} event */
  takes(event) {
    const step = ARROWS[event.key];
    if (step) this.#push(step, event.shiftKey ? FAR_PX : STEP_PX);
    else if (closest(event, "button") && /^(Enter| )$/.test(event.key)) return false;
    else if (event.key === " ") this.put(this.#at);
    else if (!this.isBegun) return false;
    else if (event.key === "Enter") this.close();
    else if (event.key === "Delete" || event.key === "Backspace") this.takeBack();
    else if (event.key === "Escape") this.#dropped();
    else return false;
    return true;
  }

  #dropped() {
    this.drop();
    this.#say(t("beside.outline_dropped"));
  }

  // Where the cross is, or begins.
  /** @returns {Point} */
  get #at() {
    const { clientWidth, clientHeight } = this.#drawing.surface;
    return this.#next ?? this.#corners.at(-1) ?? this.#drawing.shareAt(clientWidth / 2, clientHeight / 2);
  }

  /** @param {Point} point @param {number} px */
  #push([right, down], px) {
    const { width, height } = this.#zoom.imageBox;
    const [x, y] = this.#at;
    const at = corner([x + (right * px) / width, y + (down * px) / height]);
    this.#next = at;
    this.#hasCross = true;
    this.#changed();
    this.#say(t("beside.cross", place(at)));
  }

  /** @param {Point} point @param {number} which @param {number} [reach] */
  #isNear([x, y], which, reach = SAME_PX) {
    const { width, height } = this.#zoom.imageBox;
    const [left, top] = this.#corners.at(which) ?? [NaN, NaN];
    return Math.hypot((x - left) * width, (y - top) * height) < reach;
  }

  /** @param {Point[]} corners @param {string} words */
  #set(corners, words) {
    this.#corners = corners;
    this.#changed();
    this.#say(words);
  }

  #changed() {
    this.tell("change");
  }
}

/** @param {Point} point */
function place([x, y]) {
  return { left: percentage(x), top: percentage(y) };
}
