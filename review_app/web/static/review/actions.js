// What a person can do by key: the one table from which keys, the caps on buttons, the list of keys
// and the choice of others follow, which actions are answers, and which need an image.

// name: what is done, as in a button's data-do. key: the one that does it unless the person chose
// another (a KeyboardEvent.key, in lower case). words: in the list of keys.

import { t } from "../words.js";

/** @typedef {[name: string, key: string, words: string, more?: Partial<Action>]} Row */

const ON_IMAGE = { needsImage: true };
const ANSWER = { isAnswer: true, ...ON_IMAGE };

/** @type {{ title: string, actions: Row[] }[]} */
const TABLE = [
  {
    title: t("keys.answer"),
    actions: [
      ["real", "r", t("keys.real"), ANSWER],
      ["fake", "f", t("keys.fake"), ANSWER],
      ["unsure", "u", t("keys.unsure"), ANSWER],
      ["undecidable", "d", t("keys.undecidable"), ANSWER],
      ["skip", "s", t("keys.skip"), ON_IMAGE],
      ["undo", "z", t("keys.undo")],
    ],
  },
  {
    title: t("keys.say_more"),
    actions: [
      ["comment", "c", t("keys.comment"), ON_IMAGE],
      ["escalate", "e", t("keys.escalate"), ON_IMAGE],
      ["tags", "t", t("keys.tags")],
      ["mark", "m", t("keys.mark"), ON_IMAGE],
      ["outline", "o", t("keys.outline"), ON_IMAGE],
    ],
  },
  {
    title: t("keys.look_closer"),
    actions: [
      ["closer", "l", t("keys.closer")],
      ["alike", "g", t("grid.key")],
      ["view:error-level", "1", t("keys.error_level")],
      ["view:noise", "2", t("keys.noise")],
      ["view:spectrum", "3", t("keys.spectrum")],
      ["view:ghost", "4", t("keys.ghost")],
      ["view:saliency", "5", t("keys.saliency")],
      ["compare", " ", t("keys.compare"), { held: true }],
      ["side-by-side", "v", t("keys.side_by_side")],
      ["zoom-in", "+", t("keys.zoom_in"), { also: ["="] }],
      ["zoom-out", "-", t("keys.zoom_out")],
      ["zoom-fit", "0", t("keys.zoom_fit")],
      ["neutral", "n", t("keys.neutral")],
      ["faces", "a", t("keys.faces"), ON_IMAGE],
      ["veil", "b", t("keys.veil")],
      ["file-says", "i", t("keys.file_says")],
    ],
  },
  {
    title: t("keys.this_page"),
    actions: [
      ["recent", "h", t("keys.recent")],
      ["session", "p", t("keys.session")],
      ["help", "?", t("keys.help")],
    ],
  },
];

export const GROUPS = TABLE.map(({ title, actions }) => ({ title, actions: actions.map(asAction) }));

export const ACTIONS = GROUPS.flatMap((group) => group.actions);

/** @param {Row} row @returns {Action} */
function asAction([name, key, words, more]) {
  return { name, key, words, also: [], ...more };
}
