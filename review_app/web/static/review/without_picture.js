// What is on show for an image that is not stored here: what it is known by, to be copied.

import { t } from "../words.js";

const COPIED_MS = 1500;

/** @param {Task} task */
export function withoutPicture({ path, sha256 }) {
  const box = document.createElement("div");
  box.className = "without-picture";
  const words = document.createElement("p");
  words.textContent = t("review.elsewhere");
  const list = document.createElement("dl");
  if (path) list.append(identity(t("review.path"), path));
  if (sha256) list.append(identity("SHA-256", sha256));
  box.append(words, list);
  return box;
}

/** @param {string} name @param {string} value */
function identity(name, value) {
  const [row, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  const text = document.createElement("code");
  text.dir = "ltr";
  text.textContent = plain(value);
  term.textContent = name;
  description.append(text, copyButton(name, value, text));
  row.append(term, description);
  return row;
}

// Characters that do not show, or that turn the text around them, by their number.
/** @param {string} value */
function plain(value) {
  return value.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => {
    return `‹U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`;
  });
}

/** @param {string} name @param {string} value @param {HTMLElement} text */
function copyButton(name, value, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = t("review.copy");
  button.setAttribute("aria-label", t("review.copy_what", { what: name }));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(value);
      button.textContent = t("review.copied");
      setTimeout(() => (button.textContent = t("review.copy")), COPIED_MS);
    } catch {
      getSelection()?.selectAllChildren(text); // the browser does not let us: a key press will do
    }
  });
  return button;
}
