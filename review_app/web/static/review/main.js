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
    const server = new Server(person);
    const view = new View(root, place, person, keymap);
    const choices = server.choices();
    choices.then(({ veil }) => view.veil.usually(veil)).catch(() => {}); // then as it was last time
    new Review(person, server, view, keymap).start();
  });
});
