// Outlines around faces, for whoever asks: where they are, and nothing of whether they are real.

import { find } from "../dom.js";
import { t } from "../words.js";
import { outline } from "./drawing.js";

export class FaceOutlines {
  #surface;
  #button;
  #zoom;
  #say;
  /** @type {Region[]} */
  #faces = []; // of the image on show
  #isOn = false;

  /** @param {HTMLElement} root @param {Zoom} zoom @param {Say} say */
  constructor(root, zoom, say) {
    this.#surface = find(root, "#face-outlines");
    this.#button = find(root, '[data-do="faces"]');
    this.#zoom = zoom;
    this.#say = say;
    zoom.on("change", () => this.#draw());
  }

  // Those of another image, which begins without outlines.
  /** @param {Region[] | undefined} faces */
  show(faces) {
    this.#faces = faces ?? [];
    this.#turn(false);
  }

  // Whether the action was about them.
  /** @param {string} action */
  act(action) {
    if (action !== "faces") return false;
    this.#turn(!this.#isOn);
    this.#say(this.#words());
    return true;
  }

  #words() {
    if (!this.#isOn) return t("faces.hidden");
    const n = this.#faces.length;
    return n > 0 ? t("faces.outlined", { n }) : t("faces.outlined_none");
  }

  /** @param {boolean} on */
  #turn(on) {
    if (!on && !this.#isOn) return; // drawing measures the page
    this.#isOn = on;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#draw();
  }

  #draw() {
    const box = this.#isOn ? this.#zoom.box : null;
    const drawn = box ? this.#faces.map((face, i) => outline(face, box, i, false)) : [];
    find(this.#surface, "svg", SVGElement).replaceChildren(...drawn);
  }
}
