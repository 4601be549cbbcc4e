import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Pace } from "../../review_app/web/static/review/pace.js";

// A pace, and a clock that only moves when it is told to.
function begin(t) {
  let now = 1000;
  mock.method(performance, "now", () => now);
  t.after(() => mock.restoreAll());
  return { pace: new Pace(), pass: (ms) => (now += ms) };
}

function answer({ pace, pass }, n, everyMs) {
  for (let i = 0; i < n; i++) {
    pass(everyMs);
    pace.answered();
  }
}

test("without a line to wait for, so many are held as a burst takes", (t) => {
  const work = begin(t);
  answer(work, 10, 500);
  assert.equal(work.pace.ahead, 40);
});

test("the faster the answers and the slower the line, the more are held", (t) => {
  const work = begin(t);
  work.pace.arrived(2000);
  answer(work, 10, 500);
  // Five answers in the two seconds since the first of them: 2.5 a second, half as many more for luck.
  assert.equal(work.pace.ahead, 40 + Math.ceil(1.5 * 2.5 * 2));
});

test("never more than the server hands out, those of answers on their way included", (t) => {
  const work = begin(t);
  work.pace.arrived(60_000);
  answer(work, 10, 100);
  assert.equal(work.pace.ahead, 80);
  assert.equal(work.pace.wanted(50), 80);
});

test("somebody who has not answered for a minute keeps three from others", (t) => {
  const work = begin(t);
  answer(work, 10, 500);
  work.pass(60_001);
  assert.equal(work.pace.ahead, 3);
  assert.equal(work.pace.wanted(2), 5);
  work.pace.answered();
  assert.ok(work.pace.ahead >= 40);
});

test("the line's time follows what it does now, and one hiccup counts a fifth", (t) => {
  const work = begin(t);
  for (let i = 0; i < 50; i++) work.pace.arrived(100);
  answer(work, 10, 100);
  const before = work.pace.ahead;
  work.pace.arrived(1100); // 0.8 * 100 + 0.2 * 1100 = 300 ms
  const perMs = 5 / 400;
  assert.equal(before, 40 + Math.ceil(1.5 * perMs * 100));
  assert.equal(work.pace.ahead, 40 + Math.ceil(1.5 * perMs * 300));
});
