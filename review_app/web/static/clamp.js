// Long texts show their beginning until somebody asks for more, so that they push nothing away. The
// server writes them alike (markup.clamped).

import { closest, find, make } from "./dom.js";
import { t } from "./words.js";

const LETTERS = 240;
const LINES = 6;
const WORD = 40; // letters: a cut is made between words where there is a space so near

// The text as nodes.
/** @param {string} text */
export function clamped(text) {
  const place = document.createElement("span");
  const at = end(text);
  place.append(text.slice(0, at));
  if (at === text.length) return place;
  place.className = "clamped";
  const rest = make("span", { className: "unshown", hidden: true, textContent: text.slice(at) });
  const more = make("button", { type: "button", className: "show-more", textContent: t("header.show_more") });
  more.ariaExpanded = "false";
  place.append(rest, " ", more);
  return place;
}

// Where its beginning ends.
/** @param {string} text */
function end(text) {
  const lines = text.split("\n").slice(0, LINES).join("\n").length;
  const most = Math.min(lines, LETTERS);
  if (text.length <= most + WORD && lines === text.length) return text.length;
  const space = text.lastIndexOf(" ", most);
  const at = space > Math.max(0, most - WORD) ? space : most;
  const isPair = (text.codePointAt(at - 1) ?? 0) > 0xffff; // two halves are one letter
  return isPair ? at - 1 : at;
}

document.addEventListener("click", (event) => {
  const more = closest(event, ".show-more");
  if (!more?.parentElement) return;
  const rest = find(more.parentElement, ".unshown");
  rest.hidden = !rest.hidden;
  more.ariaExpanded = String(!rest.hidden);
  more.textContent = t(rest.hidden ? "header.show_more" : "header.show_less");
});
