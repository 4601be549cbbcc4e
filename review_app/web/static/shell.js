// The header: who is signed in, which pages they may open, the language, signing out.

import "./clamp.js";
import "./composing.js";
import "./moments.js";
import "./unattended.js";
import { find, whenThere } from "./dom.js";
import { t } from "./words.js";

/** @type {Promise<Person>} */
const me = fetch("/api/v1/me", { headers: { accept: "application/json" } }).then((answer) => {
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

/** @param {HTMLFormElement} form */
function chooseLanguage(form) {
  const language = find(form, "[name=language]", HTMLSelectElement);
  const next = find(form, "[name=next]", HTMLInputElement);
  language.value = document.documentElement.lang;
  language.addEventListener("change", () => {
    next.value = location.pathname + location.search;
    form.submit();
  });
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

whenThere("#header .bar", async (bar) => {
  find(bar, "#sign-out").addEventListener("click", signOut);
  closesByItself(find(bar, ".menu", HTMLDetailsElement));
  chooseLanguage(find(bar, ".language", HTMLFormElement));
  const person = await me;
  const name = find(bar, "#who-name");
  name.textContent = person.name;
  name.title = t(`header.signed_in_${person.role}`, { name: person.name });
  find(bar, '[data-page="admin"]').hidden = person.role !== "admin";
  find(bar, '[data-page="inspect"]').hidden = !person.may.includes("inspect");
});

export { me };
