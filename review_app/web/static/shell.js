// The header: who is signed in, which pages they may open, the language, signing out.

import "./clamp.js";
import "./unattended.js";
import "./composing.js";
import { whenThere } from "./dom.js";
import { t } from "./words.js";

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

function chooseLanguage(form) {
  const { language, next } = form.elements;
  language.value = document.documentElement.lang;
  language.addEventListener("change", () => {
    next.value = location.pathname + location.search;
    form.submit();
  });
}

// As a menu does: closed by Escape, and by what happens elsewhere.
function closesByItself(menu) {
  const summary = menu.querySelector("summary");
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    if (menu.contains(document.activeElement)) summary.focus();
  });
}

whenThere("#header .bar", async (bar) => {
  bar.querySelector("#sign-out").addEventListener("click", signOut);
  closesByItself(bar.querySelector(".menu"));
  chooseLanguage(bar.querySelector(".language"));
  const person = await me;
  const name = bar.querySelector("#who-name");
  name.textContent = person.name;
  name.title = t(`header.signed_in_${person.role}`, { name: person.name });
  bar.querySelector('[data-page="admin"]').hidden = person.role !== "admin";
  bar.querySelector('[data-page="inspect"]').hidden = !person.may.includes("inspect");
});

export { me };
