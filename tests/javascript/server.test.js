import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AccountClosed,
  Limited,
  NotStored,
  Refused,
  Server,
  SignedOut,
  Unreachable,
  failure,
} from "../../review_app/web/static/review/server.js";

test("what a status means for an answer that waits", () => {
  const meanings = [
    [401, undefined, SignedOut],
    [401, "account_closed", AccountClosed],
    [403, "account_closed", AccountClosed],
    [429, undefined, Limited],
    [408, undefined, Unreachable],
    [500, undefined, Unreachable],
    [503, "not_stored", NotStored],
    [507, "storage", NotStored],
    [400, undefined, Refused],
    [403, undefined, Refused],
    [409, "final", Refused],
    [422, undefined, Refused],
  ];
  for (const [status, code, kind] of meanings) {
    const error = failure(status, "why", code);
    assert.equal(error.constructor, kind, `${status} ${code}`);
    assert.equal(error.message, "why");
  }
});

test("only what is refused is given up; what is out of reach or signed out waits", () => {
  assert.ok(!(failure(507, "", "storage") instanceof Refused));
  assert.ok(failure(429, "") instanceof Unreachable);
  assert.ok(failure(401, "", "account_closed") instanceof SignedOut);
});

// What the server would have got: a fetch that answers and keeps what it was asked.
function answering(t, status, reply) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (address, options) => {
    asked.push({ address, ...options, body: JSON.parse(options.body ?? "null") });
    return new Response(status === 204 ? null : JSON.stringify(reply), { status });
  });
  return asked;
}

const server = new Server({ id: 7, name: "Ada", role: "reviewer", may: [] });

test("entries are sent without what only the page needs, for the person whose page it is", async (t) => {
  const asked = answering(t, 200, [
    { client_id: "a", receipt: { value: "fake" }, task: null, error: null },
    { client_id: "b", receipt: null, task: { item_id: "1" }, error: null },
    { client_id: "c", receipt: null, task: null, error: { code: "final", message: "it is final" } },
  ]);
  const label = { kind: "label", client_id: "a", item_id: "1", value: "fake", seconds: 2 };
  const outcomes = await server.answers([
    { ...label, key: "0001", image_url: "/media/1", given_at: "2026-01-01" },
    { kind: "undo", client_id: "b", of: "a", item_id: "1", key: "0002" },
    { kind: "skip", client_id: "c", item_id: "2", key: "0003" },
  ]);
  assert.deepEqual(asked[0].body.entries, [
    label,
    { kind: "undo", client_id: "b", of: "a" },
    { kind: "skip", client_id: "c", item_id: "2" },
  ]);
  assert.equal(asked[0].headers["x-person"], "7");
  assert.deepEqual(outcomes.get("a"), { reply: { value: "fake" }, refusal: undefined });
  assert.deepEqual(outcomes.get("b").reply, { item_id: "1" });
  assert.equal(outcomes.get("c").refusal, "it is final");
});

test("the server's own words are told, or its status where it says nothing", async (t) => {
  answering(t, 409, { error: { code: "final", message: "it is final" } });
  await assert.rejects(server.recent(), new Refused("it is final"));
  t.mock.restoreAll();
  answering(t, 502, {});
  await assert.rejects(server.recent(), (error) => error instanceof Unreachable && /502/.test(error.message));
});

test("without a line, all waits", async (t) => {
  t.mock.method(globalThis, "fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(server.heartbeat(), Unreachable);
});
