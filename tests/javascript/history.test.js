import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../../review_app/web/static/review/drafts.js";
import { History } from "../../review_app/web/static/review/history.js";
import { OtherTabs } from "../../review_app/web/static/review/other_tabs.js";
import { Outbox } from "../../review_app/web/static/review/outbox.js";
import { Unreachable } from "../../review_app/web/static/review/server.js";

const person = { id: 7, name: "Ada", role: "reviewer", may: [] };
const said = { comment: "six fingers", escalation: null, tags: [], regions: [] };

beforeEach(() => localStorage.empty());

// A history over a real outbox, whose server is out of reach.
function begin(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] });
  const outbox = new Outbox(person, async () => {
    throw new Unreachable("no line");
  });
  const drafts = new Drafts(person);
  return { outbox, drafts, history: new History(outbox, drafts, new OtherTabs(person)) };
}

function card(item_id) {
  return { task: { item_id, image_url: `/media/${item_id}`, path: null }, after: "" };
}

const label = (value) => () => ({ kind: "label", value, ...said });

test("an answer is in the outbox at once, and its draft is gone", (t) => {
  const { history, outbox, drafts } = begin(t);
  drafts.keep(card("1"), said);
  const [entry] = history.give(label("fake"), [card("1")]);
  assert.deepEqual([entry.item_id, entry.value, entry.comment], ["1", "fake", "six fingers"]);
  assert.deepEqual(outbox.entries(), [entry]);
  assert.equal(drafts.of(card("1")), undefined);
  assert.equal(history.latest.client_id, entry.client_id);
});

test("what was answered together comes back together, and is no single latest answer", (t) => {
  const { history } = begin(t);
  history.give(label("real"), [card("1")]);
  history.give(label("fake"), [card("2"), card("3")]);
  assert.equal(history.latest, undefined);
  assert.deepEqual(history.pop().map(({ entry }) => entry.item_id), ["2", "3"]);
  assert.deepEqual(history.pop().map(({ entry }) => entry.item_id), ["1"]);
  assert.deepEqual(history.pop(), []);
});

test("twenty acts are remembered", (t) => {
  const { history } = begin(t);
  for (let i = 0; i < 25; i++) history.give(label("real"), [card(String(i))]);
  const back = Array.from({ length: 21 }, () => history.pop()[0]?.entry.item_id);
  assert.deepEqual([back[0], back[19], back[20]], ["24", "5", undefined]);
});

test("an undo that goes to the server names its answer, and the page forgets that", (t) => {
  const { history, outbox } = begin(t);
  const [first] = history.give(label("real"), [card("1")]);
  const [second] = history.give(label("fake"), [card("2")]);
  history.undo([second]);
  const undo = outbox.entries().at(-1);
  assert.deepEqual([undo.kind, undo.of, undo.item_id], ["undo", second.client_id, "2"]);
  assert.deepEqual(history.pop()[0].entry, first);
});

test("an answer that was refused is struck, and of which card it was is told", (t) => {
  const { history } = begin(t);
  const [shown, other] = [card("1"), card("2")];
  const [entry] = history.give(label("real"), [shown, other]);
  assert.equal(history.strike(entry.client_id), shown);
  assert.equal(history.strike("nobody's"), undefined);
  assert.deepEqual(history.pop().map((given) => given.card), [other]);
});
