// The panel "Look closer": views that the server draws, zoom, light and colour, the file's own words.

import { find, findAll, focused } from "../dom.js";
import { percentage, t } from "../words.js";
import { Memory } from "./memory.js";
import { Views, facts } from "./views.js";
import { Zoom } from "./zoom.js";

const WIDE = "(min-width: 1100px)"; // here the panel is open unless somebody closed it
const ROOMY = "(min-width: 641px)"; // the panel lies beside the image, not on it
const SOON_MS = 200; // a view that comes sooner is not announced
const NEUTRAL = "100";
const FIRST_VIEW = "error-level"; // side by side with the original, where none was chosen yet

export class ZoomPanel {
  #root;
  #viewer;
  #frame;
  #lens;
  #panel;
  #zoom;
  #views;
  #memory;
  /** @type {HTMLImageElement | null} */
  #image = null;
  #view = "original";
  #last = FIRST_VIEW; // the view that was chosen last
  #isScrolled = false;
  #isSideBySide; // a view lies beside the original, not on it

  /** @param {HTMLElement} root @param {Person} person */
  constructor(root, person) {
    this.#root = root;
    this.#viewer = find(root, ".viewer");
    this.#frame = find(root, "#frame");
    this.#lens = find(root, "#lens");
    this.#panel = find(root, "#zoom-panel");
    this.#zoom = new Zoom(this.#viewer);
    this.#views = new Views();
    this.#memory = new Memory("closer", person);
    this.#isSideBySide = this.#memory.get("side-by-side") ?? false;
    this.#open(this.#memory.get("open") ?? matchMedia(WIDE).matches);
    this.#listen();
  }

  get zoom() {
    return this.#zoom;
  }

  open() {
    if (this.#panel.hidden) this.#open(true);
  }

  // For work on the image itself.
  makeRoom() {
    if (!matchMedia(ROOMY).matches) this.#open(false);
  }

  // Another image is on show; null, or an element that is no image: none is.
  /** @param {Element | null} element */
  show(element) {
    const image = element instanceof HTMLImageElement ? element : null;
    this.#image = image;
    this.#views.of(image?.getAttribute("src"));
    const keeps = this.#keep.checked;
    if (!keeps) this.#neutral();
    this.#zoom.of(this.#size, { keeps });
    this.#see("original");
    this.#readFile();
    this.#toTop();
  }

  // Whether the action was one of looking.
  /** @param {string} action */
  act(action) {
    const [name, view] = action.split(":");
    const does = {
      closer: () => this.#toggle(),
      view: () => this.#pick(view),
      compare: () => this.#compare(view === "on"),
      "side-by-side": () => this.#sideBySide(),
      "zoom-in": () => this.#zoom.in(),
      "zoom-out": () => this.#zoom.out(),
      "zoom-fit": () => this.#zoom.fit(),
      neutral: () => this.#neutral(),
      "file-says": () => this.#fileSays(),
    }[name];
    does?.();
    return does !== undefined;
  }

  // The panel begins anew with each image, unless somebody is at it by keys. Only where it was
  // scrolled: asking where it is takes time.
  #toTop() {
    if (!this.#isScrolled || this.#panel.contains(document.activeElement)) return;
    this.#panel.scrollTop = 0;
  }

  get #keep() {
    return find(this.#panel, "#zoom-panel-keep", HTMLInputElement);
  }

  get #file() {
    return find(this.#panel, "#file-says", HTMLDetailsElement);
  }

  // Of the image on show, in its own pixels; null where there is none.
  /** @returns {[width: number, height: number] | null} */
  get #size() {
    return this.#image && [this.#image.naturalWidth, this.#image.naturalHeight];
  }

  /** @param {string} selector */
  #$(selector) {
    return find(this.#panel, selector);
  }

  #listen() {
    this.#keep.checked = this.#memory.get("keep") ?? false;
    this.#keep.addEventListener("change", () => this.#memory.set("keep", this.#keep.checked));
    this.#zoom.on("change", () => this.#showLevel());
    this.#$(".sliders").addEventListener("input", () => this.#adjust());
    this.#file.addEventListener("toggle", () => this.#readFile());
    this.#$("#side-by-side").setAttribute("aria-pressed", String(this.#isSideBySide));
    addEventListener("resize", () => this.#lay());
    const scrolled = () => (this.#isScrolled = this.#panel.scrollTop > 0);
    this.#panel.addEventListener("scroll", scrolled, { passive: true });
    const compare = this.#$("#compare");
    compare.addEventListener("pointerdown", () => this.#compare(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
      compare.addEventListener(end, () => this.#compare(false));
    }
  }

  // The same view again: back to the original.
  /** @param {string} view */
  #pick(view) {
    this.open(); // it says what the view does not prove
    this.#see(view === this.#view ? "original" : view);
  }

  #toggle() {
    this.#open(Boolean(this.#panel.hidden));
    this.#memory.set("open", !this.#panel.hidden);
  }

  /** @param {boolean} open */
  #open(open) {
    if (!open && this.#panel.contains(focused())) focused()?.blur();
    this.#panel.hidden = !open;
    const button = find(this.#root, '[data-do="closer"]');
    button.setAttribute("aria-expanded", String(open));
    this.#lay();
  }

  #sideBySide() {
    this.#isSideBySide = !this.#isSideBySide;
    this.#memory.set("side-by-side", this.#isSideBySide);
    this.#$("#side-by-side").setAttribute("aria-pressed", String(this.#isSideBySide));
    if (this.#isSideBySide && this.#view === "original") this.#pick(this.#last);
    else this.#lay();
  }

  // One on the other, or beside each other or one above the other, as the image is larger then.
  #lay() {
    const { classList } = this.#viewer;
    classList.remove("is-beside", "is-stacked");
    const size = this.#size;
    if (size && this.#isSideBySide && !this.#lens.hidden) {
      const [width, height] = size;
      const [across, down] = [this.#frame.clientWidth / width, this.#frame.clientHeight / height];
      classList.add("is-beside");
      classList.toggle("is-stacked", Math.min(across, down / 2) > Math.min(across / 2, down));
    }
    this.#zoom.measure();
  }

  /** @param {string} view */
  async #see(view) {
    this.#view = view;
    this.#mark();
    if (view === "original" || !this.#image) {
      this.#uncover();
      return;
    }
    this.#last = view;
    // The view before would stand beside what is said of this one until it has come.
    this.#lens.replaceChildren();
    this.#viewer.classList.remove("is-covered");
    const { alt } = this.#image;
    const late = setTimeout(() => this.#say(t("closer.drawing")), SOON_MS);
    try {
      const picture = await this.#views.get(view);
      if (this.#view !== view || !picture) return;
      const name = this.#button(view).lastChild?.textContent ?? "";
      picture.alt = t("closer.view_of", { view: name, image: alt });
      this.#lens.replaceChildren(picture);
      this.#lens.hidden = false;
      this.#viewer.classList.add("is-covered");
      this.#lay();
      this.#say("");
    } catch (error) {
      if (this.#view !== view) return;
      this.#uncover();
      this.#say(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(late);
    }
  }

  #uncover() {
    this.#lens.hidden = true;
    this.#lens.replaceChildren();
    this.#viewer.classList.remove("is-covered");
    if (this.#viewer.classList.contains("is-beside")) this.#lay();
    this.#say("");
  }

  /** @param {string} view */
  #button(view) {
    return this.#$(`[data-do="view:${view}"]`);
  }

  #mark() {
    for (const button of findAll(this.#panel, ".views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.do === `view:${this.#view}`));
    }
    for (const about of findAll(this.#panel, "[data-about]")) {
      about.hidden = about.dataset.about !== this.#view;
    }
  }

  /** @param {string} text */
  #say(text) {
    this.#$("#zoom-panel-said").textContent = text;
  }

  /** @param {boolean} on */
  #compare(on) {
    this.#viewer.classList.toggle("is-comparing", on);
  }

  #showLevel() {
    const { percent } = this.#zoom;
    this.#$("#zoom-level").textContent = percent === null ? t("closer.fit") : percentage(percent / 100);
  }

  #neutral() {
    for (const slider of this.#sliders()) slider.value = NEUTRAL;
    this.#adjust();
  }

  #adjust() {
    const moved = this.#sliders().filter((slider) => slider.value !== NEUTRAL);
    const filters = moved.map((slider) => `${slider.name}(${slider.value}%)`);
    this.#viewer.style.setProperty("--adjust", filters.join(" ") || "none");
  }

  #sliders() {
    return /** @type {HTMLInputElement[]} */ (findAll(this.#panel, ".sliders input"));
  }

  #fileSays() {
    if (this.#panel.hidden) this.#toggle();
    this.#file.open = !this.#file.open;
  }

  async #readFile() {
    const list = find(this.#file, "dl");
    list.replaceChildren();
    const image = this.#image;
    if (!this.#file.open || !image) return;
    const rows = await facts(image.getAttribute("src") ?? "");
    if (this.#image === image) list.replaceChildren(...rows.map(row));
  }
}

/** @param {Fact} fact */
function row({ name, value }) {
  const [place, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name;
  description.textContent = value;
  place.append(term, description);
  return place;
}
