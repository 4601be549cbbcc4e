// What tells others of what happens to it.

/**
 * Details: by the name of what is told, what is told of it.
 * @template {Record<string, any>} Details
 */
export class Emitter extends EventTarget {
  /**
   * @template {keyof Details & string} K
   * @param {K} type
   * @param {(detail: Details[K]) => void} act
   */
  on(type, act) {
    this.addEventListener(type, (event) => act(/** @type {CustomEvent<Details[K]>} */ (event).detail));
  }

  /**
   * @template {keyof Details & string} K
   * @param {K} type
   * @param {Details[K]} [detail]
   */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
