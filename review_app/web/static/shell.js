// The header: who is signed in, which pages they may open, the language, signing out.

import "./clamp.js";
import "./composing.js";
import "./moments.js";
import "./unattended.js";
import "./signed_out.js";
import { find, whenThere } from "./dom.js";
import { site } from "./site.js";
import { t } from "./words.js";

/** @type {Promise<Person>} */
const me = fetch(`${site}/api/v1/me`, { headers: { accept: "application/json" } }).then((answer) => {
  if (answer.status === 401) location.reload(); // the sign-in has ended; the server asks anew
  if (!answer.ok) throw new Error(`who is signed in: ${answer.status}`);
  return answer.json();
});

async function signOut() {
  // A page with unsaved work may ask to wait.
  if (!dispatchEvent(new CustomEvent("signing-out", { cancelable: true }))) return;
  await fetch("/logout", { method: "POST", redirect: "manual" });
  location.assign("/login");
}

// What was chosen before this script had come counts, too: the page says nothing itself.
/** @param {HTMLFormElement} form */
function chooseLanguage(form) {
  const { lang } = document.documentElement;
  const language = find(form, "[name=language]", HTMLSelectElement);
  const next = find(form, "[name=next]", HTMLInputElement);
  const send = () => {
    next.value = location.pathname + location.search;
    form.submit();
  };
  language.addEventListener("change", send);
  if (language.value && language.value !== lang) send();
  else language.value = lang;
}

// As a menu does: closed by Escape, and by what happens elsewhere.
/** @param {HTMLDetailsElement} menu */
function closesByItself(menu) {
  const summary = find(menu, "summary");
  document.addEventListener("click", (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    if (menu.contains(document.activeElement)) summary.focus();
  });
}

// The queues of somebody who has several.
/** @param {HTMLDetailsElement} menu @param {OwnQueue[]} queues */
function chooseQueue(menu, queues) {
  if (queues.length < 2) return;
  const links = queues.map(({ title, address, here }) => {
    const link = Object.assign(document.createElement("a"), { href: address, textContent: title });
    if (here) link.ariaCurrent = "page";
    return link;
  });
  find(menu, "#queue-list").replaceChildren(...links);
  find(menu, "#queue-name").textContent = queues.find(({ here }) => here)?.title ?? "";
  menu.hidden = false;
  closesByItself(menu);
}

// How much needs an admin now, beside the page that says what.
/** @param {HTMLElement} link @param {number | null} needs */
function tellNeeds(link, needs) {
  if (!needs) return;
  const sign = Object.assign(document.createElement("span"), { className: "needs", ariaHidden: "true" });
  const words = Object.assign(document.createElement("span"), { className: "visually-hidden" });
  sign.textContent = String(needs);
  words.textContent = t("header.needs", { n: needs });
  link.title = words.textContent;
  link.append(" ", sign, words);
}

whenThere("#header .bar", async (bar) => {
  dispatchEvent(new Event("page-drawn")); // see rendered.py
  find(bar, "#sign-out").addEventListener("click", signOut);
  closesByItself(find(bar, "#account", HTMLDetailsElement));
  chooseLanguage(find(bar, ".language", HTMLFormElement));
  const person = await me;
  const name = find(bar, "#who-name");
  name.textContent = person.name;
  name.title = t(`header.signed_in_${person.role}`, { name: person.name });
  chooseQueue(find(bar, "#queues", HTMLDetailsElement), person.queues);
  find(bar, '[data-page="admin"]').hidden = !person.may.includes("see_queue");
  tellNeeds(find(bar, '[data-page="admin"]'), person.needs);
  find(bar, '[data-page="inspect"]').hidden = !person.may.includes("inspect");
});

export { me };
