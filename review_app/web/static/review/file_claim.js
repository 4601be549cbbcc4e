// That a file says that a generator made it, and how easily that is forged: told after the answer.

import { t } from "../words.js";

// claim: what stands behind it, and by what, as in "metadata: ComfyUI".
/** @param {string} claim */
export function claimLine(claim) {
  const [evidence, ...rest] = claim.split(": ");
  const by = rest.join(": ");
  return `${by ? t("says.made_by", { by }) : t("says.made")} ${t(`says.worth_${evidence}`)}`;
}
