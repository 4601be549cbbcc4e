import assert from "node:assert/strict";
import { test } from "node:test";

import { merged } from "../../review_app/web/static/review/merged.js";

const known = [
  { client_id: "new", item_id: "2", value: "fake", comment: "hands", changeable: true },
  { client_id: "old", item_id: "1", value: "real", comment: "", changeable: true },
];
const said = { comment: "", escalation: null, tags: [], regions: [], image_url: "/media/3", path: null };
const label = { kind: "label", client_id: "next", item_id: "3", value: "unsure", given_at: "2026-01-01", ...said };

test("an answer on its way stands before those that the server knows", () => {
  const [first, ...rest] = merged(known, [label]);
  assert.equal(first.client_id, "next");
  assert.equal(first.labelled_at, "2026-01-01");
  assert.ok(first.unsent && first.changeable);
  assert.deepEqual(rest, known);
});

test("an answer that the server has by now is there once", () => {
  assert.deepEqual(merged(known, [{ ...label, client_id: "new" }]), known);
});

test("what was sent is not told to be on its way", () => {
  assert.equal(merged(known, [label], { sent: true })[0].unsent, false);
});

test("a change takes its answer's place", () => {
  const change = { ...label, kind: "change", client_id: "again", of: "old" };
  const [, second] = merged(known, [change]);
  assert.deepEqual([second.client_id, second.value, second.unsent], ["again", "unsure", true]);
});

test("entries count in their order: answered, changed, taken back", () => {
  const change = { ...label, kind: "change", client_id: "again", of: "next" };
  const undo = { kind: "undo", client_id: "no", of: "again" };
  assert.deepEqual(merged(known, [label, change, undo]), known);
});

test("a skip, and what this page does not know, change nothing", () => {
  assert.deepEqual(merged(known, [{ kind: "skip", item_id: "2" }, { kind: "later" }]), known);
});

test("what is handed in stays as it is", () => {
  const before = structuredClone(known);
  merged(known, [label, { kind: "undo", of: "old" }]);
  assert.deepEqual(known, before);
});
