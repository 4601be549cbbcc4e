import assert from "node:assert/strict";
import { test } from "node:test";

import { ended, has, listed, moment, number, percentage, sentence, t } from "../../review_app/web/static/words.js";

test("a text has its placeholders filled, numbers as the language writes them", () => {
  assert.equal(t("status.progress", { waiting: 12_345, done: 3 }), "12,345 wait · 3 done today");
});

test("n chooses the plural form", () => {
  assert.notEqual(t("grid.chosen", { n: 1 }), t("grid.chosen", { n: 2 }).replace("2", "1"));
});

test("what is missing is told by its name", () => {
  assert.throws(() => t("status.nowhere"), /status\.nowhere/);
  assert.throws(() => t("status.progress", { waiting: 1 }), /status\.progress.*done/);
});

test("whether there is a text of this name, and of no name that every object has", () => {
  assert.ok(has("status.saved"));
  assert.ok(!has("constructor") && !has("status"));
});

test("numbers and shares", () => {
  assert.equal(number(1234.56, 1), "1,234.6");
  assert.equal(number(2), "2");
  assert.equal(percentage(0.256), "26%");
});

test("sentences begin with a capital and end with one full stop", () => {
  assert.equal(sentence("no line"), "No line.");
  assert.equal(sentence("why?"), "Why?");
  assert.equal(ended("It is full."), "It is full.");
});

test("moments are written as the language does", () => {
  assert.match(moment(new Date(2026, 2, 1, 14, 5)), /1 Mar 2026/);
});

test("lists are joined as the language does", () => {
  assert.deepEqual([["a"], ["a", "b"]].map(listed), ["a", "a and b"]);
  assert.match(listed(["a", "b", "c"]), /^a, b,? and c$/);
});
