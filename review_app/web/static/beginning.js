// Where the beginning of a long text ends, as the server has it, too (markup.clamped). Pure.

const LETTERS = 240;
const LINES = 6;
const WORD = 40; // letters: a cut is made between words where there is a space so near

/** @param {string} text */
export function endOfBeginning(text) {
  const lines = text.split("\n").slice(0, LINES).join("\n").length;
  const most = Math.min(lines, LETTERS);
  if (text.length <= most + WORD && lines === text.length) return text.length;
  const space = text.lastIndexOf(" ", most);
  const at = space > Math.max(0, most - WORD) ? space : most;
  const isPair = (text.codePointAt(at - 1) ?? 0) > 0xffff; // two halves are one letter
  return isPair ? at - 1 : at;
}
