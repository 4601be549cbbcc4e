// What a page has and node has not, for the scripts that need no more of a page than this. Their
// texts are the English ones that the server would send.

import { register } from "node:module";

register("./catalogue.js", import.meta.url);

// As the Web Storage standard has it: what is stored is listed by Object.keys(), too.
class Storage {
  #room = Infinity; // letters

  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  }

  setItem(key, value) {
    const others = Object.entries(this).filter(([one]) => one !== key);
    const taken = others.reduce((sum, pair) => sum + pair.join("").length, 0);
    if (taken + key.length + value.length > this.#room) throw new DOMException("full", "QuotaExceededError");
    this[key] = String(value);
  }

  removeItem(key) {
    delete this[key];
  }

  // The rest is for tests: no part of the standard.
  limitTo(letters) {
    this.#room = letters;
  }

  empty() {
    for (const key of Object.keys(this)) delete this[key];
    this.#room = Infinity;
  }
}

// As the Web Locks standard has it, for exclusive locks within one page.
class Locks {
  #tails = new Map(); // name -> promise of its last holder

  async request(name, ...rest) {
    const act = rest.at(-1);
    const { ifAvailable = false } = rest.length > 1 ? rest[0] : {};
    if (ifAvailable && this.#tails.has(name)) return act(null);
    const before = this.#tails.get(name) ?? Promise.resolve();
    const mine = before.then(() => act({ name }));
    const tail = mine.catch(() => {}).finally(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    this.#tails.set(name, tail);
    return mine;
  }
}

const page = new EventTarget();

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

const blank = { documentElement: { lang: "en" }, hidden: false, querySelector: () => null };
define("document", Object.assign(new EventTarget(), blank));
define("addEventListener", page.addEventListener.bind(page));
define("dispatchEvent", page.dispatchEvent.bind(page));
define("localStorage", new Storage());
define("sessionStorage", new Storage());
define("navigator", { locks: new Locks() });
define("requestAnimationFrame", (act) => void setImmediate(() => act(performance.now())));

// One that waits for messages does not keep node from ending.
class Channel extends BroadcastChannel {
  constructor(name) {
    super(name);
    this.unref();
  }
}
define("BroadcastChannel", Channel);
