// Starts the review loop where the page has a place for it.

import { whenThere } from "../dom.js";
import { me } from "../shell.js";
import { Choices } from "./choices.js";
import { leaveKeysToImage } from "./focus.js";
import { countGesturesOnce } from "./gesture.js";
import { keepAboveKeyboard } from "./keyboard.js";
import { Keymap } from "./keymap.js";
import { Review } from "./loop.js";
import { Server } from "./server.js";
import { View } from "./view.js";

whenThere("#review", (root) => {
  countGesturesOnce();
  leaveKeysToImage();
  keepAboveKeyboard(root);
  whenThere("#bar-middle", async (place) => {
    const person = await me;
    const server = new Server(person);
    const keymap = new Keymap(person);
    const view = new View(root, place, person, keymap);
    new Review(person, server, view, keymap).start();
    const choices = new Choices(server);
    choices.on("change", (detail) => {
      view.blurOverlay.usually(detail.veil);
      view.annotationPanel.offer(detail.tags);
    });
    choices.start();
  });
});
