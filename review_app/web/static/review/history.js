// Answers given on this page, which undo brings back one after the other; those that were given
// together, together.

const REMEMBERED = 20; // how many acts back the page can show at once; the server knows all

export class History {
  #acts = []; // oldest first: lists of {entry, card}

  // The newest answer, unless several were given together.
  get latest() {
    const given = this.#acts.at(-1);
    return given?.length === 1 ? given[0].entry : undefined;
  }

  add(given) {
    this.#acts = [...this.#acts.slice(1 - REMEMBERED), given];
  }

  // The answers of the newest act; none where the page knows of none.
  pop() {
    return this.#acts.pop() ?? [];
  }

  forget(itemId) {
    this.#keep(({ entry }) => entry.item_id !== itemId);
  }

  // It was refused.
  strike(clientId) {
    this.#keep(({ entry }) => entry.client_id !== clientId);
  }

  #keep(stays) {
    this.#acts = this.#acts.map((given) => given.filter(stays)).filter((given) => given.length > 0);
  }
}
