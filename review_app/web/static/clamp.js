// Long texts show their beginning until somebody asks for more, so that they push nothing away. The
// server writes them alike (markup.clamped).

import { endOfBeginning } from "./beginning.js";
import { closest, find, make } from "./dom.js";
import { t } from "./words.js";

// The text as nodes.
/** @param {string} text */
export function clamped(text) {
  const place = document.createElement("span");
  const at = endOfBeginning(text);
  place.append(text.slice(0, at));
  if (at === text.length) return place;
  place.className = "clamped";
  const rest = make("span", { className: "unshown", hidden: true, textContent: text.slice(at) });
  const more = make("button", { type: "button", className: "show-more", textContent: t("header.show_more") });
  more.ariaExpanded = "false";
  place.append(rest, " ", more);
  return place;
}

document.addEventListener("click", (event) => {
  const more = closest(event, ".show-more");
  if (!more?.parentElement) return;
  const rest = find(more.parentElement, ".unshown");
  rest.hidden = !rest.hidden;
  more.ariaExpanded = String(!rest.hidden);
  more.textContent = t(rest.hidden ? "header.show_more" : "header.show_less");
});
