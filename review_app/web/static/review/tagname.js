// What people read for a tag: those that the program comes with have a name in each language; an
// admin's own are names already. What is stored is the tag itself.

import { has, t } from "../words.js";

export const MAX_TAGS = 20; // with one answer; the server takes no more

/** @param {string} tag */
export function tagName(tag) {
  const name = tag.replaceAll(" ", "_");
  return !tag.includes("_") && has(`tags.${name}`) ? t(`tags.${name}`) : tag;
}
