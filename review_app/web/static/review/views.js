// What the server tells of an image besides its pixels: forensic views, and the file's own words.

// The views of one image, each fetched once.
export class Views {
  #address = null;
  #found = new Map(); // view -> promise of a decoded image

  of(address) {
    for (const picture of this.#found.values()) {
      picture.then(({ src }) => URL.revokeObjectURL(src)).catch(() => {});
    }
    this.#found.clear();
    this.#address = address;
  }

  // Null where another image has come meanwhile.
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

async function fetchView(address) {
  const answer = await ask(address);
  const picture = new Image();
  picture.draggable = false;
  picture.src = URL.createObjectURL(await answer.blob());
  await picture.decode();
  return picture;
}

// What the file says about itself: [{name, value}].
export async function facts(address) {
  try {
    const found = await (await ask(`${address}/metadata`)).json();
    return found.length > 0 ? found : [{ name: "Nothing", value: "It holds no such words." }];
  } catch (error) {
    return [{ name: "Not read", value: error.message }];
  }
}

async function ask(address) {
  const answer = await fetch(address, { headers: { accept: "application/json, image/*" } }).catch(() => {
    throw new Error("The server cannot be reached. Try again.");
  });
  if (answer.ok) return answer;
  const reply = await answer.json().catch(() => ({}));
  throw new Error(sentence(reply.error?.message ?? `the server answered ${answer.status}`));
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
