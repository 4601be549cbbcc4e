// That an image is the first of several frames, or pages: a word on every picture of it.

import { t } from "../words.js";

// Empty for an image that is all there is in its file.
/** @param {Pick<Task, "frames" | "paged">} task */
export function framesOf({ frames = 1, paged }) {
  if (frames < 2) return "";
  return paged ? t("review.pages", { n: frames }) : t("review.frames", { n: frames });
}
