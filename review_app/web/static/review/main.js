// Starts the review loop where the page has a place for it.

import { whenThere } from "../dom.js";
import { me } from "../shell.js";
import { leaveKeysToImage } from "./focus.js";
import { countGesturesOnce } from "./gesture.js";
import { Keymap } from "./keymap.js";
import { Review } from "./loop.js";
import { Server } from "./server.js";
import { View } from "./view.js";

const AGAIN_MS = 15_000;

whenThere("#review", (root) => {
  countGesturesOnce();
  leaveKeysToImage();
  whenThere("#bar-middle", async (place) => {
    const person = await me;
    const server = new Server(person);
    const keymap = new Keymap(person);
    const view = new View(root, place, person, keymap);
    new Review(person, server, view, keymap).start();
    const { veil, tags } = await choices(server);
    view.veil.usually(veil);
    view.beside.offer(tags);
  });
});

// What the admin chose; until the server can be reached, the page does without.
async function choices(server) {
  for (;;) {
    try {
      return await server.choices();
    } catch {
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}
