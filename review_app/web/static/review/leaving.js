// Signing out while answers wait: asked once more, as they would stay in this browser.

import { t } from "../words.js";

/** @param {Outbox} outbox @param {View} view */
export function warnOnLeaving(outbox, view) {
  let warned = false;
  addEventListener("signing-out", (event) => {
    const kept = outbox.entries().length;
    if (kept === 0 || warned) return;
    event.preventDefault();
    warned = true;
    outbox.pump();
    const text = t("review.leaving", { n: kept });
    view.setPrevious(text);
    view.say(text);
  });
}
