// Addresses of the admin's tabs, of what is looked for in the Images tab, and of an image's record:
// ?tab=images&text=cat&state=failed&image=12. Back and Forward walk through them.

import { closest, findAll, whenThere } from "./dom.js";

const FIRST = "overview";
const IMAGES = "images";
/** @typedef {{ text: string, state: string, verdict: string, image: number | null }} Images */

const FILTERS = /** @type {const} */ (["text", "state", "verdict"]);
const product = document.title.split(" · ").at(-1);

let tab = FIRST;
/** @type {Images} */
let images = { text: "", state: "", verdict: "", image: null }; // what the Images tab shows
/** @type {Images | null} */
let unasked = null; // filters of an address that neither form nor list show yet
/** @type {Images | null} */
let inWork = null; // those of them that the list looks for just now
let look = () => {}; // have the list look for them
/** @type {(image: number | null) => void} */
let open = () => {}; // have a record shown, or none

function inAddress() {
  const query = new URLSearchParams(location.search);
  const number = Number(query.get("image"));
  const image = Number.isSafeInteger(number) && number > 0 ? number : null;
  const [text, state, verdict] = FILTERS.map((filter) => query.get(filter) ?? "");
  return { text, state, verdict, image };
}

function address() {
  const query = new URLSearchParams();
  if (tab !== FIRST) query.set("tab", tab);
  if (tab === IMAGES) {
    for (const [filter, value] of Object.entries(images)) if (value) query.set(filter, String(value));
  }
  return location.pathname + (query.size > 0 ? `?${query}` : "");
}

// The person went somewhere: one step that Back takes back.
function went() {
  if (address() !== location.pathname + location.search) history.pushState(null, "", address());
  nameTab();
}

function nameTab() {
  const image = tab === IMAGES && images.image ? [`#${images.image}`] : [];
  document.title = [...image, button(tab)?.textContent.trim(), product].filter(Boolean).join(" · ");
}

/** @param {string} id */
function button(id) {
  /** @type {HTMLElement | null} */
  const found = document.querySelector(`[role=tab][data-tab-id="${CSS.escape(id)}"]`);
  return found;
}

// To where the address points: the page was opened there, or somebody went back or forward.
function go() {
  const wanted = new URLSearchParams(location.search).get("tab") ?? FIRST;
  const from = images;
  tab = button(wanted) ? wanted : FIRST;
  if (tab === IMAGES) {
    images = inAddress();
    if (FILTERS.some((filter) => images[filter] !== from[filter])) unasked = images;
  }
  const isThere = button(tab)?.ariaSelected === "true";
  button(tab)?.click();
  if (isThere && unasked) look();
  if (images.image !== from.image) open(images.image);
  nameTab();
}

// What the list is to look for: what stands in the form and, where the form does not show that yet,
// what the address says.
/** @param {string | null} text @param {string | null} state @param {string | null} verdict */
export function asked(text, state, verdict) {
  if (unasked) {
    inWork = unasked;
    return [text, state, verdict, unasked];
  }
  images = { ...images, text: text ?? "", state: state ?? "", verdict: verdict ?? "" };
  if (tab === IMAGES) went();
  return [text, state, verdict, null];
}

// The form shows what was looked for. Somebody may have gone on meanwhile.
export function answered() {
  if (unasked === inWork) unasked = null;
}

// The list of images in ``list``. ``search`` has it look again, ``show`` shows a record, or none.
/** @param {HTMLElement} list @param {Act} search @param {(image: number | null) => void} show */
export function records(list, search, show) {
  look = search;
  open = (image) => {
    mark();
    show(image);
  };
  const mark = () => {
    for (const row of findAll(list, "button[data-item]")) {
      const current = Number(row.dataset.item) === images.image ? "true" : null;
      if (row.ariaCurrent !== current) row.ariaCurrent = current;
    }
  };
  const attributeFilter = ["data-item", "aria-current"];
  new MutationObserver(mark).observe(list, { childList: true, subtree: true, attributeFilter });
  list.addEventListener("click", (event) => {
    const row = closest(event, "button[data-item]");
    if (!row) return;
    images = { ...images, image: Number(row.dataset.item) };
    went();
    open(images.image);
  });
  if (images.image) open(images.image);
}

whenThere("[role=tab][data-tab-id]", () => {
  document.addEventListener("click", (event) => {
    const pressed = closest(event, "[role=tab][data-tab-id]");
    if (!pressed || pressed.dataset.tabId === tab) return;
    tab = pressed.dataset.tabId ?? FIRST;
    went();
  });
  addEventListener("popstate", go);
  const chosen = document.querySelector("[role=tab][aria-selected=true]")?.getAttribute("data-tab-id") ?? FIRST;
  if (chosen === FIRST) {
    go();
  } else {
    tab = chosen; // somebody was faster than this script
    went();
  }
});
