// Says that the sign-in has ended where Gradio would say "Error", until somebody has signed in again,
// be it in another tab: what was typed here stays.

import { make } from "./dom.js";
import { t } from "./words.js";

const OF_PAGES = "/gradio_api/";
const UNAUTHORIZED = 401;
const send = window.fetch.bind(window);
/** @type {HTMLElement | null} */
let bar = null;

window.fetch = async (input, init) => {
  const answer = await send(input, init);
  if (answer.url.includes(OF_PAGES)) tell(answer.status === UNAUTHORIZED);
  return answer;
};

/** @param {boolean} ended */
function tell(ended) {
  if (ended === (bar !== null)) return;
  bar?.remove();
  bar = ended ? told() : null;
  if (bar) document.body.append(bar);
}

function told() {
  const link = make("a", { href: "/login", target: "_blank", textContent: t("header.sign_in") });
  const words = make("p", {}, t("header.signed_out"), " ", link);
  return make("div", { className: "notice notice-problem signed-out", role: "alert" }, words);
}
