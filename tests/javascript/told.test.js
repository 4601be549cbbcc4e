// Sentences that are put together from what the server tells.

import assert from "node:assert/strict";
import { test } from "node:test";

import { framesOf } from "../../review_app/web/static/review/frames.js";
import { claimLine } from "../../review_app/web/static/review/file_claim.js";

test("of a file with one image nothing is told, else how many there are and of which kind", () => {
  assert.equal(framesOf({}), "");
  assert.equal(framesOf({ frames: 1, paged: true }), "");
  const [frames, pages] = [framesOf({ frames: 12 }), framesOf({ frames: 12, paged: true })];
  assert.match(frames, /12/);
  assert.match(pages, /12 pages/);
  assert.notEqual(frames, pages);
});

test("who made an image is told as the file says it, colons included", () => {
  assert.match(claimLine("metadata: ComfyUI: a graph"), /ComfyUI: a graph/);
  assert.notEqual(claimLine("metadata"), claimLine("metadata: ComfyUI"));
  assert.doesNotMatch(claimLine("metadata"), /undefined|\{/);
});
