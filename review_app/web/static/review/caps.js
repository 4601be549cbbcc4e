// Key caps on buttons and in sentences.

import { findAll } from "../dom.js";
import { ariaNameOf, capOf } from "./keymap.js";

const IN_TEXT = /\[([\w:-]+)\]/; // a cap's place in a sentence: [undo]

// Buttons tell their action by data-do, caps in running text by data-key; sentences that name
// actions in brackets are marked by data-caps.
/** @param {ParentNode} root @param {Keymap} keymap */
export function drawCaps(root, keymap) {
  for (const sentence of findAll(root, "[data-caps]")) setCaps(sentence);
  for (const button of findAll(root, "[data-do]")) {
    const key = keymap.keyOf(button.dataset.do ?? "");
    if (key !== undefined && !button.querySelector("kbd")) button.prepend(document.createElement("kbd"));
    setCap(button.querySelector("kbd"), button, key);
  }
  for (const cap of findAll(root, "kbd[data-key]")) {
    setCap(cap, cap.closest("summary"), keymap.keyOf(cap.dataset.key ?? ""));
  }
}

// An action may have lost its key to another one.
/** @param {HTMLElement | null} cap @param {Element | null} control @param {string | undefined} key */
function setCap(cap, control, key) {
  if (cap) {
    cap.textContent = capOf(key);
    cap.hidden = key === undefined;
  }
  if (key === undefined) control?.removeAttribute("aria-keyshortcuts");
  else control?.setAttribute("aria-keyshortcuts", ariaNameOf(key));
}

/** @param {Element} sentence */
function setCaps(sentence) {
  sentence.removeAttribute("data-caps"); // the brackets are gone then
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
