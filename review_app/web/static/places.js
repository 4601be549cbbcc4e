// Addresses of the admin's tabs, of what is looked for in the Images tab, of an image's record, and
// of how far back the first screen looks: ?tab=images&text=cat&state=failed&image=12, ?span=day.
// Back and Forward walk through them.

import { closest, findAll, whenThere } from "./dom.js";
import { pickable, picks } from "./picks.js";

const FIRST = "overview";
const IMAGES = "images";

// As `review_app/records/filters.py` has them, in the order of the form.
const FILTERS = /** @type {const} */ ([
  ...["text", "state", "verdict", "source", "reviewer", "trait"],
  ...["p_from", "p_to", "std_from", "std_to", "since", "until", "like"],
  ...["tag", "seen", "assigned", "archived", "generator"],
]);
// As `review_app/monitoring/flow.py` has them.
const SPANS = ["day", "week", "month"];
const USUAL_SPAN = "week";
/** @typedef {Record<string, string>} Filters */
/** @typedef {{ filters: Filters, image: number | null }} Images */

const product = document.title.split(" · ").at(-1);

let tab = FIRST;
/** @type {Images} */
let images = { filters: {}, image: null }; // what the Images tab shows
/** @type {Images | null} */
let unasked = null; // filters of an address that neither form nor list show yet
/** @type {Images | null} */
let inWork = null; // those of them that the list looks for just now
/** @type {Set<string>} */
let shut = new Set(); // tabs that are not for this person
let span = spanInAddress(); // what the first screen's charts are of
let look = () => {}; // have the list look for them
/** @type {(image: number | null) => void} */
let open = () => {}; // have a record shown, or none

function inAddress() {
  const query = new URLSearchParams(location.search);
  const number = Number(query.get("image"));
  const image = Number.isSafeInteger(number) && number > 0 ? number : null;
  return { filters: setOnes(FILTERS.map((filter) => query.get(filter))), image };
}

function spanInAddress() {
  const found = new URLSearchParams(location.search).get("span") ?? "";
  return SPANS.includes(found) ? found : USUAL_SPAN;
}

// Those of the form's values, in the order of FILTERS, that ask for something.
/** @param {(string | null)[]} values */
function setOnes(values) {
  /** @type {Filters} */
  const found = {};
  FILTERS.forEach((filter, n) => {
    const value = values[n];
    if (value) found[filter] = value;
  });
  return found;
}

/** @param {Filters} one @param {Filters} other */
function differ(one, other) {
  return FILTERS.some((filter) => (one[filter] ?? "") !== (other[filter] ?? ""));
}

// Days are the reader's own.
function zone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

function address() {
  const query = new URLSearchParams();
  if (tab !== FIRST) query.set("tab", tab);
  if (tab === FIRST && span !== USUAL_SPAN) query.set("span", span);
  if (tab === IMAGES) {
    for (const [filter, value] of Object.entries(images.filters)) query.set(filter, value);
    if (images.image) query.set("image", String(images.image));
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
  if (shut.has(id)) return null;
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
    if (differ(images.filters, from.filters)) unasked = images;
  }
  if (tab === FIRST) showSpan(spanInAddress());
  const isThere = button(tab)?.ariaSelected === "true";
  button(tab)?.click();
  if (isThere && unasked) look();
  if (images.image !== from.image) open(images.image);
  nameTab();
}

// The charts are of another span, if they are; their choice has them drawn anew.
/** @param {string} wanted */
function showSpan(wanted) {
  if (wanted === span) return;
  span = wanted;
  /** @type {HTMLElement | null} */
  const choice = document.querySelector(`#flow-span input[value="${CSS.escape(span)}"]`);
  choice?.click();
}

// The span that the page was opened with.
export function askedSpan() {
  return [span];
}

// Somebody has chosen a span.
/** @param {string} chosen */
export function choseSpan(chosen) {
  span = chosen;
  if (tab === FIRST) went();
  return [chosen];
}

// What the list is to look for: what stands in the form and, where the form does not show that yet,
// what the address says.
/** @param {(string | null)[]} form */
export function asked(...form) {
  const values = form.slice(0, FILTERS.length);
  if (unasked) {
    inWork = unasked;
    return [...values, zone(), { ...unasked.filters, zone: zone() }];
  }
  images = { ...images, filters: setOnes(values) };
  if (tab === IMAGES) went();
  return [...values, zone(), null];
}

// A page of the list, and the form that it must be an answer to.
/** @param {unknown} cursor @param {(string | null)[]} form */
export function turned(cursor, ...form) {
  return [cursor, ...form.slice(0, FILTERS.length), zone()];
}

// What is to be done with many images: the form with the reader's zone, and the images picked.
/** @param {unknown[]} form */
export function ordered(...form) {
  const filters = form.slice(0, FILTERS.length);
  return [...filters, zone(), ...form.slice(FILTERS.length + 1, -1), picks()];
}

// No filter is set any more, and no record open.
export function cleared() {
  visit({});
}

// The list shows what these filters find, whatever stands in the form.
/** @param {Filters} filters */
function visit(filters) {
  const shown = images.image;
  images = { filters, image: null };
  unasked = images;
  went();
  if (shown) open(null);
  look();
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
  pickable(list);
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

whenThere("#shut-tabs [data-shut]", (told) => {
  shut = new Set(told.dataset.shut?.split(" "));
  if (shut.has(tab)) go();
});
