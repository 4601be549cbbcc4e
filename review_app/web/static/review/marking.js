// Marks on the image: rectangles drawn by dragging, outlines by their corners, both by keys, too;
// told in the panel as a list.

import { closest, find, findAll, focused } from "../dom.js";
import { percentage, t } from "../words.js";
import { Drawing } from "./drawing.js";
import { ARROWS, PolygonTool, STEP_PX } from "./polygon_tool.js";
import { MAX_REGIONS, bounds, contains, isLargeEnough, moved, rectangle, sized } from "./regions.js";

const CLICK_PX = 4; // a drag that is shorter is a click
const NEW_SHARE = 0.3; // of what is in sight: the size of a mark that is made by key
/** @type {Record<string, Region["shape"]>} */
const SHAPES = { mark: "rectangle", outline: "polygon" }; // by action

export class Marking {
  #zoomPanel;
  #zoom;
  #say;
  #changed; // called whenever marks may be others
  #drawing;
  #polygonTool;
  #panel;
  #tools;
  /** @type {Region["shape"] | null} */
  #shape = null; // what is drawn now; nothing: null
  /** @type {Region[]} */
  #marks = [];
  #inHand = -1; // which mark the keys move; none: -1
  /** @type {HTMLElement | null} */
  #before = null; // what had the focus
  /** @type {{ from: Point, start: PointerEvent, region: Region | null } | null} */
  #drag = null; // {from: share, start: pointer event, region}; an outline's has no region

  /** @param {HTMLElement} root @param {ZoomPanel} zoomPanel @param {Say} say @param {Act} changed */
  constructor(root, zoomPanel, say, changed) {
    this.#zoomPanel = zoomPanel;
    this.#zoom = zoomPanel.zoom;
    this.#say = say;
    this.#changed = changed;
    this.#drawing = new Drawing(root, this.#zoom);
    this.#polygonTool = new PolygonTool(this.#drawing, this.#zoom, say, () => this.#hasRoom());
    this.#polygonTool.on("change", () => this.#sketched());
    this.#polygonTool.on("closed", (detail) => this.#addAndSay(detail.region));
    this.#panel = find(root, "#zoom-panel");
    this.#tools = find(root, "#mark-tools");
    const { surface } = this.#drawing;
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#up(event));
    surface.addEventListener("pointercancel", () => this.#dropDrag());
    surface.addEventListener("pointerleave", () => this.#draws("polygon") && this.#polygonTool.follow(null));
    find(root, "#mark-list").addEventListener("click", (event) => this.#listClick(event));
    this.#tools.addEventListener("click", (event) => {
      if (closest(event, "#mark-remove")) this.#remove(this.#inHand);
      else if (closest(event, "#corner-back")) this.#polygonTool.takeBack();
      else if (closest(event, "#mark-done")) this.close();
    });
    this.#zoom.on("change", () => this.#draw());
  }

  // An outline that nobody has closed counts as if they had.
  get value() {
    const { region } = this.#polygonTool;
    return region ? [...this.#marks, region] : this.#marks;
  }

  /** @param {Region[]} regions */
  set value(regions) {
    this.#polygonTool.drop();
    this.#marks = [...regions];
    this.#take(-1);
  }

  /** @param {string} action */
  act(action) {
    const shape = SHAPES[action];
    if (!shape) return false;
    if (this.#draws(shape)) this.close();
    else this.#start(shape);
    return true;
  }

  /** @param {KeyboardEvent} event */
  takes(event) {
    if (!this.#isOn || closest(event, "input")) return false;
    if (this.#draws("polygon") && this.#inHand < 0 && this.#polygonTool.takes(event)) return true;
    return this.#takesForMark(event);
  }

  /** @param {KeyboardEvent} event */
  #takesForMark(event) {
    const step = ARROWS[event.key];
    if (step) this.#push(step, event.shiftKey);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Delete" || event.key === "Backspace") this.#remove(this.#inHand);
    else if (event.key === "Enter" && !closest(event, "button")) this.#set();
    else return false;
    return true;
  }

  close() {
    if (!this.#isOn) return;
    this.#turn(null);
    this.#take(-1);
    if (document.activeElement !== this.#drawing.surface) return;
    this.#drawing.surface.blur();
    this.#before?.focus();
  }

  get #isOn() {
    return this.#shape !== null;
  }

  /** @param {Region["shape"]} shape */
  #draws(shape) {
    return this.#shape === shape;
  }

  /** @param {Region["shape"]} shape */
  #start(shape) {
    if (!this.#zoom.box) {
      this.#say(t("beside.no_picture"));
      return;
    }
    if (!this.#isOn) this.#before = focused();
    this.#zoomPanel.makeRoom();
    this.#turn(shape);
    this.#drawing.surface.focus({ preventScroll: true });
    this.#say(shape === "polygon" ? t("beside.outlining") : t("beside.marking"));
  }

  /** @param {Region["shape"] | null} shape */
  #turn(shape) {
    this.#keepOutline();
    this.#dropDrag();
    this.#shape = shape;
    this.#tools.hidden = shape === null;
    for (const words of findAll(this.#tools, "[data-shape]")) words.hidden = words.dataset.shape !== this.#shape;
    this.#drawing.surface.classList.toggle("is-marking", this.#isOn);
    for (const [action, one] of Object.entries(SHAPES)) {
      find(this.#panel, `[data-do="${action}"]`).setAttribute("aria-pressed", String(this.#draws(one)));
    }
  }

  /** @param {Point} point @param {boolean} sizes */
  #push([right, down], sizes) {
    const { width, height } = this.#zoom.imageBox;
    if (this.#inHand < 0 && !this.#add(this.#inSight())) return;
    const change = sizes ? sized : moved;
    const [x, y] = [(right * STEP_PX) / width, (down * STEP_PX) / height];
    this.#marks[this.#inHand] = change(this.#marks[this.#inHand], x, y);
    this.#take(this.#inHand);
    this.#say(describe(this.#marks[this.#inHand]));
  }

  // A mark in the middle of what can be seen of the image.
  #inSight() {
    const { surface } = this.#drawing;
    const [width, height] = [surface.clientWidth, surface.clientHeight];
    const [x, y] = [(width * NEW_SHARE) / 2, (height * NEW_SHARE) / 2];
    /** @param {number} right @param {number} down */
    const at = (right, down) => this.#drawing.shareAt(width / 2 + right, height / 2 + down);
    return rectangle(at(-x, -y), at(x, y));
  }

  // False where there are as many as there may be.
  #hasRoom() {
    if (this.#marks.length < MAX_REGIONS) return true;
    this.#say(t("beside.most_marks", { n: MAX_REGIONS }));
    return false;
  }

  /** @param {Region} region */
  #add(region) {
    if (!this.#hasRoom()) return false;
    this.#marks = [...this.#marks, region];
    this.#take(this.#marks.length - 1);
    return true;
  }

  /** @param {Region} region */
  #addAndSay(region) {
    if (this.#add(region)) this.#say(describe(region));
  }

  // One that nobody has closed.
  #keepOutline() {
    const { region } = this.#polygonTool;
    this.#polygonTool.drop();
    if (region) this.#add(region);
  }

  // An outline was begun, or goes on: no other mark is in hand meanwhile.
  #sketched() {
    find(this.#tools, "#corner-back").hidden = !this.#polygonTool.isBegun;
    find(this.#tools, "#mark-remove").hidden = this.#polygonTool.isBegun;
    if (this.#polygonTool.isBegun && this.#inHand >= 0) this.#take(-1);
    else this.#draw();
    this.#changed();
  }

  #set() {
    if (this.#inHand >= 0) this.#say(t("beside.mark_set", { mark: this.#inHand + 1 }));
    this.#take(-1);
  }

  // The one in hand, or else the newest.
  /** @param {number} which */
  #remove(which) {
    const gone = which < 0 ? this.#marks.length - 1 : which;
    if (gone < 0) return;
    this.#marks = this.#marks.filter((_, i) => i !== gone);
    this.#take(-1);
    this.#say(t("beside.mark_removed", { mark: gone + 1 }));
  }

  /** @param {number} which */
  #take(which) {
    this.#inHand = which;
    this.#draw();
    this.#drawing.list(this.#marks.map(describe), which);
    this.#changed();
  }

  #draw() {
    const drawn = this.#drag?.region;
    if (drawn) this.#drawing.draw([...this.#marks, drawn], this.#marks.length);
    else this.#drawing.draw(this.#marks, this.#inHand, this.#polygonTool.sketch);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    event.stopPropagation(); // a drag does not move the image meanwhile
    if (!event.isPrimary) this.#dropDrag();
    if (!event.isPrimary || event.button !== 0) return;
    this.#drawing.surface.setPointerCapture(event.pointerId);
    this.#drag = { from: this.#shareOf(event), start: event, region: null };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.isPrimary && this.#draws("polygon")) this.#polygonTool.follow(this.#shareOf(event));
    if (!this.#drag || !event.isPrimary || this.#draws("polygon")) return;
    const { start, from } = this.#drag;
    const isClick = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < CLICK_PX;
    this.#drag.region = isClick ? null : rectangle(from, this.#shareOf(event));
    this.#draw();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    this.#dropDrag();
    if (this.#draws("polygon")) this.#polygonTool.put(this.#shareOf(event), event.pointerType);
    else if (!drag.region) this.#take(this.#marks.findLastIndex((mark) => contains(mark, drag.from)));
    else if (isLargeEnough(drag.region)) this.#addAndSay(drag.region);
  }

  #dropDrag() {
    this.#drag = null;
    this.#draw();
  }

  /** @param {MouseEvent} event */
  #listClick(event) {
    const button = closest(event, "[data-mark]");
    if (!button) return;
    this.#remove(Number(button.dataset.mark));
    if (event.detail === 0) find(this.#panel, '[data-do="mark"]').focus(); // by key
  }

  /** @param {PointerEvent} event */
  #shareOf(event) {
    const frame = this.#drawing.surface.getBoundingClientRect();
    return this.#drawing.shareAt(event.clientX - frame.left, event.clientY - frame.top);
  }
}

/** @param {Region} region */
function describe(region) {
  const shares = Object.entries(bounds(region)).map(([side, share]) => [side, percentage(share)]);
  return t("beside.place", Object.fromEntries(shares));
}
