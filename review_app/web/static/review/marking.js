// Marks on the image: drawn by dragging, or by keys; told in the panel as a list.

import { percentage, t } from "../words.js";
import { Drawing } from "./drawing.js";
import { MOST, bounds, contains, isLargeEnough, moved, rectangle, sized } from "./regions.js";

const STEP_PX = 8;
const CLICK_PX = 4; // a drag that is shorter is a click
const NEW_SHARE = 0.3; // of what is in sight: the size of a mark that is made by key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Marking {
  #closer;
  #zoom;
  #say;
  #drawing;
  #button;
  #tools;
  #marks = [];
  #inHand = -1; // which mark the keys move; none: -1
  #before = null; // what had the focus
  #drag = null; // {from: share, start: pointer event, region}

  constructor(root, closer, say) {
    this.#closer = closer;
    this.#zoom = closer.zoom;
    this.#say = say;
    this.#drawing = new Drawing(root, this.#zoom);
    this.#button = root.querySelector('#closer [data-do="mark"]');
    this.#tools = root.querySelector("#mark-tools");
    const { surface } = this.#drawing;
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#up(event));
    surface.addEventListener("pointercancel", () => this.#dropDrag());
    root.querySelector("#mark-list").addEventListener("click", (event) => this.#listClick(event));
    this.#tools.addEventListener("click", (event) => {
      if (event.target.closest("#mark-remove")) this.#remove(this.#inHand);
    });
    this.#zoom.addEventListener("change", () => this.#draw());
  }

  get value() {
    return this.#marks;
  }

  set value(regions) {
    this.#marks = [...regions];
    this.#take(-1);
  }

  act(action) {
    if (action !== "mark") return false;
    if (this.#isOn) this.close();
    else this.#start();
    return true;
  }

  takes(event) {
    if (!this.#isOn || event.target.closest?.("input")) return false;
    const step = ARROWS[event.key];
    if (step) this.#push(step, event.shiftKey);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Delete" || event.key === "Backspace") this.#remove(this.#inHand);
    else if (event.key === "Enter" && !event.target.closest?.("button")) this.#set();
    else return false;
    return true;
  }

  close() {
    if (!this.#isOn) return;
    this.#turn(false);
    this.#take(-1);
    if (document.activeElement !== this.#drawing.surface) return;
    this.#drawing.surface.blur();
    this.#before?.focus();
  }

  get #isOn() {
    return !this.#tools.hidden;
  }

  #start() {
    if (!this.#zoom.box) {
      this.#say(t("beside.no_picture"));
      return;
    }
    this.#before = document.activeElement;
    this.#closer.makeRoom();
    this.#turn(true);
    this.#drawing.surface.focus({ preventScroll: true });
    this.#say(t("beside.marking"));
  }

  #turn(on) {
    this.#dropDrag();
    this.#tools.hidden = !on;
    this.#drawing.surface.classList.toggle("is-marking", on);
    this.#button.setAttribute("aria-pressed", String(on));
  }

  #push([right, down], sizes) {
    const { box } = this.#zoom;
    if (this.#inHand < 0 && !this.#add(this.#inSight())) return;
    const change = sizes ? sized : moved;
    const [x, y] = [(right * STEP_PX) / box.width, (down * STEP_PX) / box.height];
    this.#marks[this.#inHand] = change(this.#marks[this.#inHand], x, y);
    this.#take(this.#inHand);
    this.#say(describe(this.#marks[this.#inHand]));
  }

  // A mark in the middle of what can be seen of the image.
  #inSight() {
    const { surface } = this.#drawing;
    const [width, height] = [surface.clientWidth, surface.clientHeight];
    const [x, y] = [(width * NEW_SHARE) / 2, (height * NEW_SHARE) / 2];
    const at = (right, down) => this.#drawing.shareAt(width / 2 + right, height / 2 + down);
    return rectangle(at(-x, -y), at(x, y));
  }

  // False where there are as many as there may be.
  #add(region) {
    if (this.#marks.length === MOST) {
      this.#say(t("beside.most_marks", { n: MOST }));
      return false;
    }
    this.#marks = [...this.#marks, region];
    this.#take(this.#marks.length - 1);
    return true;
  }

  #set() {
    if (this.#inHand >= 0) this.#say(t("beside.mark_set", { mark: this.#inHand + 1 }));
    this.#take(-1);
  }

  // The one in hand, or else the newest.
  #remove(which) {
    const gone = which < 0 ? this.#marks.length - 1 : which;
    if (gone < 0) return;
    this.#marks = this.#marks.filter((_, i) => i !== gone);
    this.#take(-1);
    this.#say(t("beside.mark_removed", { mark: gone + 1 }));
  }

  #take(which) {
    this.#inHand = which;
    this.#draw();
    this.#drawing.list(this.#marks.map(describe), which);
  }

  #draw() {
    const drawn = this.#drag?.region;
    if (drawn) this.#drawing.draw([...this.#marks, drawn], this.#marks.length);
    else this.#drawing.draw(this.#marks, this.#inHand);
  }

  #down(event) {
    event.stopPropagation(); // a drag does not move the image meanwhile
    if (!event.isPrimary) this.#dropDrag();
    if (!event.isPrimary || event.button !== 0) return;
    this.#drawing.surface.setPointerCapture(event.pointerId);
    this.#drag = { from: this.#shareOf(event), start: event, region: null };
  }

  #move(event) {
    if (!this.#drag || !event.isPrimary) return;
    const { start, from } = this.#drag;
    const isClick = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < CLICK_PX;
    this.#drag.region = isClick ? null : rectangle(from, this.#shareOf(event));
    this.#draw();
  }

  #up(event) {
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    this.#dropDrag();
    if (!drag.region) this.#take(this.#marks.findLastIndex((mark) => contains(mark, drag.from)));
    else if (isLargeEnough(drag.region) && this.#add(drag.region)) this.#say(describe(drag.region));
  }

  #dropDrag() {
    this.#drag = null;
    this.#draw();
  }

  #listClick(event) {
    const button = event.target.closest("[data-mark]");
    if (!button) return;
    this.#remove(Number(button.dataset.mark));
    this.#button.focus();
  }

  #shareOf(event) {
    const frame = this.#drawing.surface.getBoundingClientRect();
    return this.#drawing.shareAt(event.clientX - frame.left, event.clientY - frame.top);
  }
}

function describe(region) {
  const shares = Object.entries(bounds(region)).map(([side, share]) => [side, percentage(share)]);
  return t("beside.place", Object.fromEntries(shares));
}
