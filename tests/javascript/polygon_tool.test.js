import assert from "node:assert/strict";
import { test } from "node:test";

import { PolygonTool } from "../../review_app/web/static/review/polygon_tool.js";
import { MAX_CORNERS } from "../../review_app/web/static/review/regions.js";

// A tool over an image of 1000 by 500 pixels on the screen.
function begin({ hasRoom = true } = {}) {
  const box = { left: 0, top: 0, width: 1000, height: 500 };
  const drawing = {
    surface: { clientWidth: box.width, clientHeight: box.height },
    shareAt: (x, y) => [x / box.width, y / box.height],
  };
  const told = [];
  const closed = [];
  const tool = new PolygonTool(drawing, { imageBox: box }, (text) => told.push(text), () => hasRoom);
  tool.on("closed", ({ region }) => closed.push(region));
  return { tool, told, closed };
}

function press(tool, key, { shiftKey = false, target = {} } = {}) {
  return tool.takes({ key, shiftKey, target });
}

const CORNERS = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.6]];

test("the first corner again closes the outline, where a finger may be less exact than a mouse", () => {
  for (const [pointer, px, isClosed] of [
    ["mouse", 9, true],
    ["mouse", 11, false],
    ["touch", 23, true],
    ["touch", 25, false],
  ]) {
    const { tool, closed } = begin();
    for (const point of CORNERS) tool.put(point, pointer);
    tool.put([0.1 + px / 1000, 0.1], pointer);
    assert.equal(closed.length, isClosed ? 1 : 0, `${pointer} at ${px} px`);
    if (isClosed) assert.deepEqual(closed[0], { shape: "polygon", points: CORNERS });
    assert.equal(tool.isBegun, !isClosed);
  }
});

test("two clicks at one place are one corner", () => {
  const { tool } = begin();
  tool.put(CORNERS[0]);
  tool.put([0.103, 0.1]);
  assert.equal(tool.sketch.corners.length, 1);
});

test("two corners enclose nothing, nor do three on a line", () => {
  const { tool, closed, told } = begin();
  for (const point of [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]) {
    tool.put(point);
    assert.equal(tool.region, null);
  }
  tool.close();
  assert.equal(closed.length, 0);
  assert.match(told.at(-1), /corner|outline/i);
  assert.ok(tool.isBegun);
});

test("there are as many corners as the server takes", () => {
  const { tool, told } = begin();
  for (let i = 0; i <= MAX_CORNERS; i++) tool.put([0.1 + 0.01 * i, 0.1 + (i % 2) * 0.2]);
  assert.equal(tool.sketch.corners.length, MAX_CORNERS);
  assert.match(told.at(-1), new RegExp(String(MAX_CORNERS)));
});

test("where there is no room for another mark, none is begun", () => {
  const { tool } = begin({ hasRoom: false });
  tool.put(CORNERS[0]);
  assert.ok(!tool.isBegun && tool.sketch === null);
});

test("keys alone draw one: arrows move a cross from the middle, Space sets, Enter closes", () => {
  const { tool, closed } = begin();
  const keys = [" ", ..."→".repeat(10), " ", ..."↓".repeat(20), " ", "Enter"];
  const names = { "→": "ArrowRight", "↓": "ArrowDown" };
  for (const key of keys) assert.ok(press(tool, names[key] ?? key), key);
  assert.deepEqual(closed[0].points, [[0.5, 0.5], [0.58, 0.5], [0.58, 0.82]]);
  assert.equal(tool.sketch, null);
});

test("Backspace takes the last corner back, Escape all of them", () => {
  const { tool } = begin();
  for (const point of CORNERS) tool.put(point);
  press(tool, "Backspace");
  assert.deepEqual(tool.sketch.corners, CORNERS.slice(0, 2));
  press(tool, "Escape");
  assert.ok(!tool.isBegun);
});

test("what is not for an outline is left to others", () => {
  const { tool } = begin();
  for (const key of ["Enter", "Escape", "Backspace", "r"]) assert.ok(!press(tool, key), key);
  tool.put(CORNERS[0]);
  assert.ok(!press(tool, "r"));
});
