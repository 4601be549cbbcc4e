// What an image can be said to be.

/** @type {readonly Value[]} */
export const ANSWERS = ["real", "fake", "unsure", "undecidable"];

/** @param {unknown} value @returns {value is Value} */
export function isAnswer(value) {
  return ANSWERS.some((answer) => answer === value);
}
