import assert from "node:assert/strict";
import { test } from "node:test";

import { ZoomGeometry } from "../../review_app/web/static/review/zoom_geometry.js";

// A picture of 2000 by 1000 pixels in a frame of 1000 by 1000.
function begin(size = [2000, 1000]) {
  const geometry = new ZoomGeometry();
  geometry.within([1000, 1000]);
  geometry.of(size);
  return geometry;
}

// Which point of the image, in shares, lies at this place from the frame's middle.
function shareAt({ box: { left, top, width, height } }, x, y) {
  return [(500 + x - left) / width, (500 + y - top) / height].map((share) => Number(share.toFixed(9)));
}

test("at first the whole image is seen, in the frame's middle", () => {
  const geometry = begin();
  assert.deepEqual(geometry.box, { left: 0, top: 250, width: 1000, height: 500 });
  assert.deepEqual([geometry.isZoomed, geometry.percent], [false, null]);
});

test("the point that is zoomed at stays where it is, once the image is larger than the frame", () => {
  const geometry = begin();
  geometry.by(4, 0, 0);
  for (const factor of [2, 1.5, 1.2]) {
    const before = shareAt(geometry, 120, 40);
    geometry.by(factor, 120, 40);
    assert.deepEqual(shareAt(geometry, 120, 40), before);
  }
  assert.equal(geometry.percent, 720); // where it fits, a pixel is half a one of the screen
});

test("zoom ends where the image fits, and at sixteen pixels for one", () => {
  const geometry = begin();
  geometry.by(0.01, 0, 0);
  assert.equal(geometry.placement.scale, 1);
  geometry.by(1e9, 0, 0);
  assert.equal(geometry.percent, 1600);
});

test("a tiny image may be four times as large as where it fits", () => {
  const geometry = begin([10, 10]);
  geometry.by(1e9, 0, 0);
  assert.equal(geometry.placement.scale, 4);
});

test("no pan shows what is beside the image", () => {
  const geometry = begin();
  geometry.pan(50, 50);
  assert.deepEqual(geometry.placement, { scale: 1, x: 0, y: 0 });
  geometry.by(4, 0, 0); // 4000 by 2000
  geometry.pan(1e6, -1e6);
  const { left, top, height } = geometry.box;
  assert.deepEqual([left, top + height], [0, 1000]);
});

test("zooming out brings the image back into the frame", () => {
  const geometry = begin();
  geometry.by(8, 0, 0);
  geometry.pan(1e6, 1e6);
  geometry.by(1 / 8, 300, 300);
  assert.deepEqual(geometry.box, { left: 0, top: 250, width: 1000, height: 500 });
});

test("pixels are drawn as squares from three on the screen for one of the image", () => {
  const geometry = begin();
  geometry.by(5.9, 0, 0);
  assert.ok(!geometry.showsPixels);
  geometry.by(6 / 5.9, 0, 0);
  assert.ok(geometry.showsPixels);
  assert.ok(!begin([10, 10]).showsPixels); // so large because it fits
});

test("a frame of another size has the image within it", () => {
  const geometry = begin();
  geometry.by(4, 0, 0);
  geometry.pan(1e6, 1e6);
  geometry.within([400, 400]);
  const { left, top } = geometry.box;
  assert.deepEqual([left, top], [0, 0]);
});

test("without an image nothing is zoomed, whatever the last one was", () => {
  const geometry = begin();
  geometry.by(10, 100, 100);
  geometry.of(null);
  assert.deepEqual([geometry.box, geometry.percent, geometry.showsPixels], [null, null, false]);
  geometry.by(2, 0, 0);
  assert.equal(geometry.placement.scale, 10); // kept for the next image
});
