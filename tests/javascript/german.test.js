// On a page in German.

import assert from "node:assert/strict";
import { test } from "node:test";

document.documentElement.lang = "de"; // the scripts look for it when they are loaded
const { tagName } = await import("../../review_app/web/static/review/tagname.js");
const { number, percentage, t } = await import("../../review_app/web/static/words.js");

test("numbers and shares are written as in German", () => {
  assert.equal(number(1234.5, 1), "1.234,5");
  assert.equal(percentage(0.256), "26\u00a0%");
  assert.match(t("status.progress", { waiting: 12_345, done: 3 }), /12\.345/);
});

test("tags that come with the program have a German name, an admin's own are names already", () => {
  assert.equal(tagName("face swap"), t("tags.face_swap"));
  assert.notEqual(tagName("face swap"), "face swap");
  for (const own of ["face_swap", "the boss's nose", "constructor"]) assert.equal(tagName(own), own);
});
