// What an image can be said to be.

import { ACTIONS } from "./actions.js";

export const ANSWERS = ACTIONS.filter((action) => action.isAnswer).map(({ name }) => /** @type {Value} */ (name));

/** @param {unknown} value @returns {value is Value} */
export function isAnswer(value) {
  return ANSWERS.some((answer) => answer === value);
}
