// Images that an admin picks from the list, page after page; they stay picked until this page of the
// site is left.

import { closest, findAll } from "./dom.js";

/** @type {Set<number>} */
const picked = new Set();

export function picks() {
  return [...picked];
}

// The check boxes in ``list``, and what is said of them.
/** @param {HTMLElement} list */
export function pickable(list) {
  const boxes = () => /** @type {HTMLInputElement[]} */ (findAll(list, "input[data-pick]"));
  const show = () => {
    for (const box of boxes()) {
      const is = picked.has(Number(box.dataset.pick));
      if (box.checked !== is) box.checked = is;
    }
    for (const told of findAll(list, "[data-picked]")) {
      if (told.textContent !== String(picked.size)) told.textContent = String(picked.size);
    }
  };
  new MutationObserver(show).observe(list, { childList: true, subtree: true });
  list.addEventListener("change", (event) => {
    const box = closest(event, "input[data-pick]");
    if (!(box instanceof HTMLInputElement)) return;
    const number = Number(box.dataset.pick);
    if (box.checked) picked.add(number);
    else picked.delete(number);
    show();
  });
  list.addEventListener("click", (event) => {
    const asked = closest(event, "button[data-pick]")?.dataset.pick;
    if (asked === "none") picked.clear();
    else if (asked === "page") for (const box of boxes()) picked.add(Number(box.dataset.pick));
    if (asked) show();
  });
}
