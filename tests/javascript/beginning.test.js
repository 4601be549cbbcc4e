import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { endOfBeginning } from "../../review_app/web/static/beginning.js";

const word = "word ";
const TEXTS = {
  empty: "",
  short: word.repeat(10),
  "as long as may be": "x".repeat(280),
  "one letter longer": "x".repeat(281),
  words: word.repeat(100),
  "a space at the cut": `${"x".repeat(240)} ${"y".repeat(100)}`,
  "a space just before": `${"x".repeat(201)} ${"y".repeat(100)}`,
  "a space too far before": `${"x".repeat(200)} ${"y".repeat(100)}`,
  "six lines": `${"line\n".repeat(5)}line`,
  "seven lines": "line\n".repeat(7),
  "empty lines": "\n".repeat(30),
  "a long line after short ones": `a\nb\nc\n${word.repeat(100)}`,
};
const AS_THE_SERVER = `
import json, sys
from review_app.web.markup import clamped
begun = lambda text: str(clamped(text)).removeprefix('<span class="clamped">').split("<span")[0]
print(json.dumps([len(begun(text)) for text in json.loads(sys.argv[1])]))
`;

test("a long text is cut where the server cuts it", () => {
  const python = process.env.PYTHON ?? "python3";
  const written = execFileSync(python, ["-c", AS_THE_SERVER, JSON.stringify(Object.values(TEXTS))]);
  const ends = Object.values(TEXTS).map(endOfBeginning);
  assert.deepEqual(ends, JSON.parse(written));
  assert.ok(ends.some((end, i) => end < Object.values(TEXTS)[i].length));
});

test("no letter of two halves is cut in two", () => {
  for (const before of [238, 239, 240]) {
    const text = "x".repeat(before) + "😀".repeat(100);
    const end = endOfBeginning(text);
    assert.ok(text.slice(0, end).isWellFormed(), String(before));
    assert.ok(end >= 239 && end <= 241, String(end));
  }
});
