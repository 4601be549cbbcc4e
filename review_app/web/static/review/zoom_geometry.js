// Where an image lies in its frame, and how large, as somebody zooms and pans. Pure.

const LARGEST_PIXEL = 16; // screen pixels for one of the image, at most
const PIXELS_FROM = 3; // from here on, pixels are drawn as squares

/** @typedef {[width: number, height: number]} Size */

export class ZoomGeometry {
  /** @type {Size} */
  #room = [0, 0]; // of the frame
  /** @type {Size | null} */
  #size = null; // of the image in its own pixels
  #scale = 1; // 1: the whole image fits
  #x = 0; // of the image's middle from the frame's
  #y = 0;

  get isZoomed() {
    return this.#scale > 1;
  }

  // Whether pixels of the image are so large that they are drawn as what they are.
  get showsPixels() {
    return this.#size !== null && this.isZoomed && this.#pixel >= PIXELS_FROM;
  }

  // How large a pixel of the image is on the screen, in percent; null where the whole image fits.
  get percent() {
    return this.#size && this.isZoomed ? Math.round(100 * this.#pixel) : null;
  }

  // What is to be done to an image that fits: scale, and then moves in pixels of the frame.
  get placement() {
    return { scale: this.#scale, x: this.#x, y: this.#y };
  }

  /** Where the image lies, in pixels of the frame; null where there is none. @returns {Box | null} */
  get box() {
    if (!this.#size) return null;
    const [width, height] = this.#size.map((side) => side * this.#pixel);
    const [across, down] = this.#room;
    return { left: (across - width) / 2 + this.#x, top: (down - height) / 2 + this.#y, width, height };
  }

  // Another image, of this size; null for none.
  /** @param {Size | null} size */
  of(size) {
    this.#size = size;
    this.#stay();
  }

  // The frame's size from now on.
  /** @param {Size} room */
  within(room) {
    this.#room = room;
    this.#stay();
  }

  fit() {
    this.#scale = 1;
    this.#stay();
  }

  // Multiply the scale; the point (x, y) from the frame's middle stays where it is.
  /** @param {number} factor @param {number} x @param {number} y */
  by(factor, x, y) {
    if (!this.#size) return;
    const most = Math.max(4, LARGEST_PIXEL / this.#fit);
    const scale = between(1, this.#scale * factor, most);
    const ratio = scale / this.#scale;
    this.#scale = scale;
    this.#x = x - (x - this.#x) * ratio;
    this.#y = y - (y - this.#y) * ratio;
    this.#stay();
  }

  /** @param {number} x @param {number} y */
  pan(x, y) {
    this.#x += x;
    this.#y += y;
    this.#stay();
  }

  // Pixels of the screen for one of the image, where the whole of it fits; and as it is now.
  get #fit() {
    const [width, height] = this.#size ?? [1, 1];
    const [across, down] = this.#room;
    return Math.min(across / width, down / height) || 1;
  }

  get #pixel() {
    return this.#fit * this.#scale;
  }

  // No edge of the image comes further in than the frame's.
  #stay() {
    const [width, height] = (this.#size ?? [0, 0]).map((side) => side * this.#pixel);
    const [across, down] = [Math.max(0, width - this.#room[0]) / 2, Math.max(0, height - this.#room[1]) / 2];
    this.#x = between(-across, this.#x, across);
    this.#y = between(-down, this.#y, down);
  }
}

/** @param {number} least @param {number} value @param {number} most */
function between(least, value, most) {
  return Math.min(most, Math.max(least, value));
}
