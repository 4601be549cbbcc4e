// Key caps on buttons and in sentences, and the list of all keys.

import { GROUPS } from "./actions.js";
import { ariaNameOf, capOf } from "./keymap.js";

const IN_TEXT = /\[([\w:-]+)\]/; // a cap's place in a sentence: [undo]

// Buttons tell their action by data-do, caps in running text by data-key; sentences that name
// actions in brackets are marked by data-caps.
export function drawCaps(root, keymap) {
  for (const sentence of root.querySelectorAll("[data-caps]")) setCaps(sentence);
  for (const button of root.querySelectorAll("[data-do]")) {
    const key = keymap.keyOf(button.dataset.do);
    if (key === undefined) continue;
    if (!button.querySelector("kbd")) button.prepend(document.createElement("kbd"));
    button.querySelector("kbd").textContent = capOf(key);
    button.setAttribute("aria-keyshortcuts", ariaNameOf(key));
  }
  for (const cap of root.querySelectorAll("kbd[data-key]")) {
    const key = keymap.keyOf(cap.dataset.key);
    cap.textContent = capOf(key);
    cap.closest("summary")?.setAttribute("aria-keyshortcuts", ariaNameOf(key));
  }
}

function setCaps(sentence) {
  const parts = sentence.textContent.split(IN_TEXT);
  sentence.replaceChildren(
    ...parts.map((part, i) => {
      if (i % 2 === 0) return part;
      const cap = document.createElement("kbd");
      cap.dataset.key = part;
      return cap;
    }),
  );
}

// A heading and a list for each group of actions.
export function listKeys(place, keymap) {
  place.replaceChildren(
    ...GROUPS.flatMap(({ title, actions }) => {
      const heading = document.createElement("h3");
      heading.textContent = title;
      const list = document.createElement("dl");
      list.append(...actions.map((action) => row(action, keymap)));
      return [heading, list];
    }),
  );
}

function row({ name, words }, keymap) {
  const [place, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  const cap = document.createElement("kbd");
  cap.textContent = capOf(keymap.keyOf(name));
  term.append(cap);
  description.textContent = words;
  place.append(term, description);
  return place;
}
