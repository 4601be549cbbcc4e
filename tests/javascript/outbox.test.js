import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Outbox, State } from "../../review_app/web/static/review/outbox.js";
import { AccountClosed, NotStored, Refused, SignedOut, Unreachable } from "../../review_app/web/static/review/server.js";

const person = { id: 7, name: "Ada", role: "reviewer", may: [] };

beforeEach(() => localStorage.empty());

// An outbox, what a server would get from it, and what it told. The server takes whatever `reply`
// says: a refusal, an error that is thrown, or nothing in particular.
function begin(reply = () => ({})) {
  const calls = [];
  const told = [];
  const outbox = new Outbox(person, async (entries) => {
    calls.push(entries.map((entry) => entry.client_id));
    const outcomes = entries.map((entry) => [entry.client_id, { reply: null, ...reply(entry, entries) }]);
    return new Map(outcomes);
  });
  for (const type of ["stored", "refused", "unstored"]) outbox.on(type, (detail) => told.push([type, detail]));
  return { outbox, calls, told };
}

function label(client_id, more = {}) {
  return { kind: "label", client_id, item_id: `item-${client_id}`, value: "real", ...more };
}

test("what is added is on disk at once, and stays until the server has it", async () => {
  const { outbox, calls } = begin();
  outbox.add(label("a"));
  assert.equal(Object.keys(localStorage).length, 1);
  const reloaded = begin();
  assert.deepEqual(reloaded.outbox.entries().map((entry) => entry.client_id), ["a"]);
  await outbox.pump();
  assert.deepEqual(calls, [["a"]]);
  assert.deepEqual(reloaded.outbox.entries(), []);
  assert.equal(outbox.state, State.SAVED);
});

test("entries leave in their order, fifty in a call", async () => {
  const { outbox, calls } = begin();
  const ids = Array.from({ length: 120 }, (_, i) => `id-${i}`);
  for (const id of ids) outbox.add(label(id));
  await outbox.pump();
  assert.deepEqual(calls.map((call) => call.length), [50, 50, 20]);
  assert.deepEqual(calls.flat(), ids);
});

test("what is added while a call is under way leaves in the next one", async () => {
  let late;
  const { outbox, calls } = begin((entry) => {
    if (entry.client_id === "a") late = outbox.add(label("b"));
    return {};
  });
  outbox.add(label("a"));
  const first = outbox.pump();
  await outbox.pump();
  await first;
  assert.ok(late);
  assert.deepEqual(calls, [["a"], ["b"]]);
});

for (const [error, state] of [
  [new Unreachable("no line"), State.RETRYING],
  [new SignedOut("who?"), State.SIGNED_OUT],
  [new AccountClosed("closed"), State.ACCOUNT_CLOSED],
  [new NotStored("the disk is full"), State.NOT_STORED],
  [new TypeError("a bug"), State.RETRYING],
]) {
  test(`after ${error.constructor.name} nothing is lost, and it is sent again`, async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    let isDown = true;
    const { outbox, calls, told } = begin(() => {
      if (isDown) throw error;
      return {};
    });
    outbox.add(label("a"));
    await outbox.pump();
    assert.equal(outbox.state, state);
    assert.equal(outbox.entries().length, 1);
    assert.deepEqual(told, error instanceof NotStored ? [["unstored", { why: "the disk is full" }]] : []);
    isDown = false;
    mock.timers.tick(1250); // a second, give or take a quarter
    await settled(() => outbox.state === State.SAVED);
    assert.equal(calls.length, 2);
    assert.deepEqual(outbox.entries(), []);
  });
}

test("pauses between tries grow to half a minute", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 0.5);
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const { outbox, calls } = begin(() => {
    throw new Unreachable("no line");
  });
  outbox.add(label("a"));
  await outbox.pump();
  for (const wait of [1000, 2000, 4000, 8000, 15_000, 30_000, 30_000]) {
    const n = calls.length;
    mock.timers.tick(wait - 1);
    await settled();
    assert.equal(calls.length, n, `before ${wait} ms`);
    mock.timers.tick(1);
    await settled(() => calls.length > n);
    assert.equal(calls.length, n + 1, `after ${wait} ms`);
  }
});

test("one entry that the server refuses is put aside to be read, and the others are stored", async () => {
  const { outbox, told } = begin(({ client_id }) => (client_id === "b" ? { refusal: "it is final" } : {}));
  for (const id of ["a", "b", "c"]) outbox.add(label(id));
  await outbox.pump();
  assert.deepEqual(outbox.entries(), []);
  assert.deepEqual(told.map(([type, { entry }]) => [type, entry.client_id]), [
    ["stored", "a"],
    ["refused", "b"],
    ["stored", "c"],
  ]);
  const [refused] = outbox.refused();
  assert.deepEqual([refused.client_id, refused.why], ["b", "it is final"]);
  outbox.dismiss(refused);
  assert.deepEqual(outbox.refused(), []);
});

test("where a call is refused as a whole, each entry is sent alone to find the one that spoils it", async () => {
  const { outbox, calls } = begin((entry, entries) => {
    if (entries.some((one) => one.client_id === "b")) throw new Refused("what is this?");
    return {};
  });
  for (const id of ["a", "b", "c"]) outbox.add(label(id));
  await outbox.pump();
  assert.deepEqual(calls[0], ["a", "b", "c"]);
  assert.deepEqual(outbox.refused().map((entry) => entry.client_id), ["b"]);
  assert.deepEqual(outbox.entries(), []);
});

test("an undo goes with the answer that was refused: it would withdraw an older one", async () => {
  const { outbox, calls } = begin(({ client_id }) => (client_id === "a" ? { refusal: "no" } : {}));
  outbox.add(label("a"));
  outbox.add({ kind: "undo", client_id: "u", of: "a" });
  outbox.add({ kind: "undo", client_id: "v", of: "elder" });
  await outbox.pump();
  assert.deepEqual(outbox.refused().map((entry) => entry.client_id), ["a"]);
  assert.deepEqual(outbox.entries(), []);
  assert.ok(calls.flat().includes("v"));
});

test("a skip that is refused leaves nothing to be read", async () => {
  const { outbox, told } = begin(() => ({ refusal: "no" }));
  outbox.add({ kind: "skip", client_id: "s", item_id: "1" });
  await outbox.pump();
  assert.deepEqual(outbox.refused(), []);
  assert.equal(told[0][0], "refused");
});

test("an entry can be taken back before it is sent, and not while it may be on its way", async () => {
  let cancelled;
  const { outbox, calls } = begin((entry) => {
    cancelled = outbox.cancel(entry);
    return {};
  });
  const back = outbox.add(label("a"));
  assert.equal(await outbox.cancel(back), true);
  assert.equal(await outbox.cancel(back), false);
  outbox.add(label("b"));
  await outbox.pump();
  assert.deepEqual(calls, [["b"]]);
  assert.equal(await cancelled, false);
});

test("where the browser has no room, the page says so and still sends", async () => {
  localStorage.limitTo(10);
  const { outbox, calls } = begin();
  assert.ok(outbox.safe);
  outbox.add(label("a"));
  assert.ok(!outbox.safe);
  assert.deepEqual(outbox.entries().map((entry) => entry.client_id), ["a"]);
  await outbox.pump();
  assert.deepEqual(calls, [["a"]]);
});

test("another person's entries are not touched", async () => {
  const { outbox } = begin();
  const calls = [];
  const other = new Outbox({ ...person, id: 8 }, async (entries) => {
    calls.push(...entries);
    return new Map();
  });
  outbox.add(label("a"));
  await other.pump();
  assert.deepEqual([calls, other.entries(), outbox.entries().length], [[], [], 1]);
});

// Promises have run their course; or as long as it takes until something holds.
async function settled(holds = () => true) {
  for (let i = 0; i < 50; i++) await Promise.resolve();
  for (let i = 0; i < 1000 && !holds(); i++) await new Promise((done) => void setImmediate(done));
}
