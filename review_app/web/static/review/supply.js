// Keeps the deck full, and the leases on it alive.

const HEARTBEAT_MS = 60_000;
const LOOK_AGAIN_MS = 15_000;

export class Supply extends EventTarget {
  #server;
  #deck;
  #pace;
  #unsent; // () => how many answers the server has not seen
  #queue = "waiting";
  #page = crypto.randomUUID();
  #taking = false;
  #again = false;
  #hiddenSince = null;
  trouble = null; // why the last call failed

  constructor(server, deck, pace, unsent) {
    super();
    this.#server = server;
    this.#deck = deck;
    this.#pace = pace;
    this.#unsent = unsent;
  }

  start() {
    this.refill();
    setInterval(() => this.#beat(), HEARTBEAT_MS);
    setInterval(() => this.#lookAgain(), LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => this.#visible());
    addEventListener("online", () => this.refill());
    addEventListener("pageshow", (event) => event.persisted && this.#resume());
    addEventListener("pagehide", () => {
      if (this.#unsent() === 0) this.#server.release(this.#page);
    });
  }

  get queue() {
    return this.#queue;
  }

  get isTaking() {
    return this.#taking;
  }

  switchTo(queue) {
    this.#queue = queue;
    this.#deck.clear();
    this.refill();
  }

  async refill() {
    if (this.#taking) {
      this.#again = true;
      return;
    }
    this.#taking = true;
    do {
      this.#again = false;
      await this.#take();
    } while (this.#again);
    this.#taking = false;
    this.dispatchEvent(new Event("change"));
  }

  refillIfShort() {
    if (this.#deck.isShort) this.refill();
  }

  async #take() {
    const queue = this.#queue;
    const asked = performance.now();
    try {
      const tasks = await this.#ask(queue);
      if (queue === this.#queue) this.#deck.add(tasks, asked);
    } catch {
      // remembered as the trouble
    }
    this.dispatchEvent(new Event("change"));
  }

  // Back after a while: leases may have run out, and others may hold what we held.
  async #resume() {
    try {
      this.#deck.keepOnly(await this.#ask(this.#queue));
    } catch {
      return; // the next look finds out
    }
    this.refill();
  }

  async #ask(queue) {
    try {
      const n = this.#pace.wanted(this.#unsent());
      const tasks = await this.#server.take(n, queue, this.#page);
      this.trouble = null;
      return tasks;
    } catch (error) {
      this.trouble = error;
      throw error;
    }
  }

  #beat() {
    if (!document.hidden) this.#server.heartbeat().catch(() => {});
  }

  #lookAgain() {
    this.#giveBack();
    if (!document.hidden) this.refillIfShort();
  }

  // Somebody who does not answer keeps no more from others than the next few.
  #giveBack() {
    if (this.#taking || this.#unsent() > 0 || !this.#deck.trim()) return;
    this.#server.keepOnly(this.#page, this.#deck.items).catch(() => {});
  }

  #visible() {
    if (document.hidden) this.#hiddenSince = Date.now();
    else if (Date.now() - this.#hiddenSince > HEARTBEAT_MS) this.#resume();
  }
}
