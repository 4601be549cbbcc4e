import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../../review_app/web/static/review/drafts.js";

const person = { id: 7, name: "Ada", role: "reviewer", may: [] };
const nothing = { comment: "", escalation: null, tags: [], regions: [] };
const said = {
  comment: "six fingers",
  escalation: "who may decide?",
  tags: ["face_swap"],
  regions: [{ shape: "rectangle", points: [[0.1, 0.1], [0.4, 0.4]] }],
};

beforeEach(() => {
  localStorage.empty();
  sessionStorage.empty();
});

function card(item_id = "1", after = "") {
  return { task: { item_id }, after };
}

test("what was begun is there after a reload, for this person and image alone", () => {
  new Drafts(person).keep(card(), said);
  assert.deepEqual(new Drafts(person).of(card()), said);
  assert.equal(new Drafts(person).of(card("2")), undefined);
  assert.equal(new Drafts({ ...person, id: 8 }).of(card()), undefined);
});

test("a draft counts for the answer that it was begun after, and no other", () => {
  new Drafts(person).keep(card("1", "first"), said);
  assert.deepEqual(new Drafts(person).of(card("1", "first")), said);
  assert.equal(new Drafts(person).of(card("1", "second")), undefined);
});

test("nothing said is nothing kept, unless an earlier answer is emptied", () => {
  const drafts = new Drafts(person);
  drafts.keep(card(), said);
  drafts.keep(card(), nothing);
  assert.equal(drafts.of(card()), undefined);
  drafts.keep(card("2", "first"), nothing);
  assert.deepEqual(drafts.of(card("2", "first")), nothing);
});

test("where localStorage is full the tab keeps it, and where that is, too, the page", () => {
  localStorage.limitTo(10);
  const drafts = new Drafts(person);
  drafts.keep(card(), said);
  assert.equal(Object.keys(sessionStorage).length, 1);
  assert.deepEqual(drafts.of(card()), said);
  sessionStorage.empty();
  sessionStorage.limitTo(10);
  drafts.keep(card(), said);
  assert.deepEqual(drafts.of(card()), said);
  drafts.drop(card());
  assert.equal(drafts.of(card()), undefined);
});

test("fifty images are kept, the newest, for three days", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const drafts = new Drafts(person);
  for (let i = 0; i < 60; i++) {
    drafts.keep(card(String(i)), said);
    t.mock.timers.tick(1000);
  }
  const reloaded = new Drafts(person);
  assert.equal(reloaded.of(card("9")), undefined);
  assert.deepEqual(reloaded.of(card("10")), said);
  t.mock.timers.tick(3 * 86_400_000);
  assert.equal(new Drafts(person).of(card("59")), undefined);
  assert.equal(Object.keys(localStorage).length, 0);
});

test("whatever lies in the browser, what comes of it is what the server takes", () => {
  const drafts = new Drafts(person);
  drafts.keep(card(), said);
  const [key] = Object.keys(localStorage);
  const put = (value) => localStorage.setItem(key, JSON.stringify({ after: "", at: Date.now(), said: value }));
  const wrong = [null, 7, "text", [], { comment: 7, escalation: {}, tags: "x", regions: { length: 9 } }];
  for (const value of wrong) {
    put(value);
    assert.deepEqual(drafts.of(card()), nothing, JSON.stringify(value));
  }
  put({ comment: "x".repeat(5000), escalation: "y".repeat(2000), tags: [1, "a", null], regions: [7, ...said.regions] });
  const found = drafts.of(card());
  assert.deepEqual([found.comment.length, found.escalation.length], [4000, 1000]);
  assert.deepEqual([found.tags, found.regions], [["a"], said.regions]);
  localStorage.setItem(key, "{");
  assert.equal(drafts.of(card()), undefined);
});
