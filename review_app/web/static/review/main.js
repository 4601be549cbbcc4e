// Starts the review loop where the page has a place for it.

import { whenThere } from "../dom.js";
import { me } from "../shell.js";
import { Keymap } from "./keymap.js";
import { Review } from "./loop.js";
import { Server } from "./server.js";
import { View } from "./view.js";

whenThere("#review", (root) => {
  whenThere("#bar-middle", async (place) => {
    const person = await me;
    const keymap = new Keymap();
    const view = new View(root, place, person, keymap);
    new Review(person, new Server(person), view, keymap).start();
  });
});
