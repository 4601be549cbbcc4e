// The table of actions, and the page's buttons: whatever can be done has both.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { ACTIONS } from "../../review_app/web/static/review/actions.js";
import { ANSWERS, isAnswer } from "../../review_app/web/static/review/answers.js";

const TEMPLATES = new URL("../../review_app/web/templates/", import.meta.url);
const markup = readdirSync(TEMPLATES).map((name) => readFileSync(new URL(name, TEMPLATES), "utf8")).join("\n");
const VIEW = /^view:/; // a button for each view that the server draws

function named(attribute) {
  return [...markup.matchAll(new RegExp(`\\b${attribute}="([\\w:-]+)"`, "g"))].map(([, name]) => name);
}

test("no two actions have one name or one key, and each says what it does", () => {
  const keys = ACTIONS.flatMap((action) => [action.key, ...action.also]);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(new Set(ACTIONS.map((action) => action.name)).size, ACTIONS.length);
  for (const action of ACTIONS) assert.ok(action.words, action.name);
});

test("each action can be done without a key", () => {
  const buttons = new Set([...named("data-do"), ...named("data-key")]);
  const fields = new Set(["tags"]); // its chips are pressed themselves
  const bare = ACTIONS.filter(({ name }) => !buttons.has(name) && !fields.has(name) && !VIEW.test(name));
  assert.deepEqual(bare.map(({ name }) => name), []);
});

test("each button of the page means an action", () => {
  const known = new Set(ACTIONS.map(({ name }) => name));
  assert.deepEqual(named("data-do").filter((name) => !known.has(name) && !VIEW.test(name)), []);
});

test("answers are those that the server takes, and need an image to be about", () => {
  assert.deepEqual(ANSWERS, ["real", "fake", "unsure", "undecidable"]);
  assert.ok(isAnswer("real") && !isAnswer("skip") && !isAnswer(undefined));
  for (const action of ACTIONS.filter((one) => one.isAnswer)) assert.ok(action.needsImage, action.name);
});
