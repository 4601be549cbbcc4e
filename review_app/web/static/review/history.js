// Answers given on this page, which undo brings back one after the other.

const REMEMBERED = 20; // how many answers back the page can show at once; the server knows all

export class History {
  #all = []; // oldest first: {entry, card}

  get latest() {
    return this.#all.at(-1)?.entry;
  }

  add(entry, card) {
    this.#all = [...this.#all.slice(1 - REMEMBERED), { entry, card }];
  }

  pop() {
    return this.#all.pop();
  }

  forget(itemId) {
    this.#all = this.#all.filter(({ entry }) => entry.item_id !== itemId);
  }

  // It was refused.
  strike(clientId) {
    this.#all = this.#all.filter(({ entry }) => entry.client_id !== clientId);
  }
}
