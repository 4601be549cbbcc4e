// What the server tells of an image besides its pixels: forensic views, and the file's own words.

import { sentence, t } from "../words.js";

// The views of one image, each fetched once.
export class Views {
  /** @type {string | null | undefined} */
  #address = null;
  /** @type {Map<string, Promise<HTMLImageElement>>} */
  #found = new Map(); // view -> promise of a decoded image

  /** @param {string | null | undefined} address */
  of(address) {
    for (const picture of this.#found.values()) {
      picture.then(({ src }) => URL.revokeObjectURL(src)).catch(() => {});
    }
    this.#found.clear();
    this.#address = address;
  }

  // Null where another image has come meanwhile.
  /** @param {string} view */
  async get(view) {
    const address = this.#address;
    if (!this.#found.has(view)) this.#found.set(view, fetchView(`${address}/view/${view}`));
    try {
      const picture = await this.#found.get(view);
      return address === this.#address ? picture : null;
    } catch (error) {
      if (address === this.#address) this.#found.delete(view); // asked again, it loads again
      throw error;
    }
  }
}

/** @param {string} address */
async function fetchView(address) {
  const answer = await ask(address);
  const picture = new Image();
  picture.draggable = false;
  picture.src = URL.createObjectURL(await answer.blob());
  await picture.decode();
  return picture;
}

// What the file says about itself: [{name, value}].
/** @param {string} address */
export async function facts(address) {
  try {
    const found = await (await ask(`${address}/metadata`)).json();
    return found.length > 0 ? found : [{ name: t("closer.nothing"), value: t("closer.no_words") }];
  } catch (error) {
    return [{ name: t("closer.not_read"), value: error instanceof Error ? error.message : String(error) }];
  }
}

/** @param {string} address */
async function ask(address) {
  const answer = await fetch(address, { headers: { accept: "application/json, image/*" } }).catch(() => {
    throw new Error(t("closer.unreachable"));
  });
  if (answer.ok) return answer;
  const reply = await answer.json().catch(() => ({}));
  const message = reply.error?.message;
  throw new Error(message ? sentence(message) : t("closer.server_answered", { status: String(answer.status) }));
}
