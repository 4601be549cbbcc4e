import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { SessionStatistics } from "../../review_app/web/static/review/session_statistics.js";

const person = { id: 7, name: "Ada", role: "reviewer", may: [] };
const SECOND = 1000;
const MINUTE = 60 * SECOND;

beforeEach(() => sessionStorage.empty());

// Answers given with pauses of so many ms before them.
function work(t, ...pauses) {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const statistics = new SessionStatistics(person);
  for (const pause of pauses) {
    t.mock.timers.tick(pause);
    statistics.answered();
  }
  return statistics;
}

test("answers taken back do not count as done, and never below none", (t) => {
  const statistics = work(t, 0, SECOND);
  for (const left of [1, 0, 0]) {
    statistics.takenBack();
    assert.equal(statistics.done, left);
  }
});

test("the pace is answers in a minute between the first and the last one, from five on", (t) => {
  const statistics = work(t, 0, 2 * SECOND, 2 * SECOND, 2 * SECOND);
  assert.equal(statistics.pace, null);
  t.mock.timers.tick(2 * SECOND);
  statistics.answered();
  assert.equal(statistics.pace, 30);
});

test("of a long thought a minute counts as work", (t) => {
  assert.equal(work(t, 0, 4 * MINUTE).sinceBreak, 1);
});

test("five minutes without an answer are a break", (t) => {
  const statistics = work(t, 0, 30 * SECOND, 30 * SECOND, 5 * MINUTE);
  assert.equal(statistics.sinceBreak, 0);
  assert.equal(statistics.done, 4);
});

test("it stays with the tab", (t) => {
  work(t, 0, 30 * SECOND).rested();
  const reloaded = new SessionStatistics(person);
  assert.deepEqual([reloaded.done, reloaded.sinceBreak], [2, 0]);
});

test("a clock that is put back adds no time", (t) => {
  const statistics = work(t, 0);
  t.mock.timers.setTime(Date.UTC(2025, 0, 1));
  statistics.answered();
  assert.equal(statistics.sinceBreak, 0);
});
