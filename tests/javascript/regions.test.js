import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MAX_CORNERS,
  bounds,
  contains,
  corner,
  isLargeEnough,
  isRegion,
  moved,
  polygon,
  rectangle,
  sized,
} from "../../review_app/web/static/review/regions.js";

const square = rectangle([0.2, 0.2], [0.4, 0.4]);
const triangle = polygon([[0.1, 0.1], [0.5, 0.1], [0.1, 0.5]]);

test("a rectangle lies between two points in whatever order, and within the image", () => {
  const points = [[0.2, 0.1], [1, 0.7]];
  assert.deepEqual(rectangle([0.2, 0.7], [1.3, 0.1]), { shape: "rectangle", points });
  assert.deepEqual(rectangle([1.3, 0.1], [0.2, 0.7]), { shape: "rectangle", points });
});

test("shares have five digits", () => {
  assert.deepEqual(corner([1 / 3, -0.1]), [0.33333, 0]);
});

test("what is moved keeps its size and stops at the edge", () => {
  for (const region of [square, triangle]) {
    const { width, height } = bounds(region);
    const far = bounds(moved(region, 5, -5));
    assert.ok(Math.abs(far.width - width) < 1e-4 && Math.abs(far.height - height) < 1e-4);
    assert.ok(Math.abs(far.left + far.width - 1) < 1e-4 && far.top === 0);
    assert.ok(isRegion(moved(region, 5, -5)));
  }
});

test("a rectangle is sized by its lower right corner and never turns inside out", () => {
  assert.deepEqual(bounds(sized(square, 0.1, 0.2)).width.toFixed(5), "0.30000");
  assert.ok(isRegion(sized(square, -1, -1)));
  assert.deepEqual(sized(square, -1, -1).points[0], [0.2, 0.2]);
  assert.equal(sized(triangle, 0.1, 0.1), triangle);
});

test("what has no area is not large enough", () => {
  assert.ok(!isLargeEnough(rectangle([0.2, 0.2], [0.2, 0.9])));
  assert.ok(!isLargeEnough(polygon([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]])));
  assert.ok(isLargeEnough(triangle));
});

test("a point is in a region where its bounds hold it, edges included", () => {
  assert.ok(contains(square, [0.2, 0.4]));
  assert.ok(!contains(square, [0.19, 0.3]));
});

test("only what the server would take is a region, whatever lies in the browser", () => {
  const many = (n) => Array.from({ length: n }, (_, i) => [0.5 + 0.4 * Math.cos(i), 0.5 + 0.4 * Math.sin(i)]);
  assert.ok(isRegion(square) && isRegion(triangle));
  assert.ok(isRegion({ shape: "polygon", points: many(MAX_CORNERS) }));
  const wrong = [
    null,
    7,
    {},
    { shape: "polygon" },
    { shape: "circle", points: square.points },
    { shape: "rectangle", points: triangle.points },
    { shape: "polygon", points: square.points },
    { shape: "polygon", points: many(MAX_CORNERS + 1) },
    { shape: "rectangle", points: [[0, 0], [0, 1]] },
    { shape: "rectangle", points: [[0, 0], [1.1, 1]] },
    { shape: "rectangle", points: [[0, 0], ["1", 1]] },
    { shape: "rectangle", points: [[0, 0], [Number.NaN, 1]] },
    { shape: "rectangle", points: [[0, 0], [1, 1, 1]] },
  ];
  for (const value of wrong) assert.ok(!isRegion(value), JSON.stringify(value));
});
