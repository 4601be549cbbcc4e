// What the server knows of one's answers, together with what it has not heard yet. Pure.

// answers: as of /review/recent, newest first. entries: of the outbox, oldest first; sent: the
// server has taken them.
/** @param {OwnAnswer[]} answers @param {Entry[]} entries @param {{ sent?: boolean }} [options] */
export function merged(answers, entries, { sent = false } = {}) {
  let all = [...answers];
  for (const entry of entries) all = (MERGE[entry.kind] ?? same)(all, entry, !sent);
  return all;
}

/** @type {Record<EntryKind, (all: OwnAnswer[], entry: Entry, unsent: boolean) => OwnAnswer[]>} */
const MERGE = { label: withLabel, change: withChange, undo: withoutUndone, skip: same };

/** @param {OwnAnswer[]} all @param {Entry} entry @param {boolean} unsent */
function withLabel(all, entry, unsent) {
  const known = all.some((answer) => answer.client_id === entry.client_id);
  return known ? all : [{ ...said(entry, unsent), changeable: true }, ...all];
}

/** @param {OwnAnswer[]} all @param {Entry} entry @param {boolean} unsent */
function withChange(all, entry, unsent) {
  return all.map((answer) => {
    return answer.client_id === entry.of ? { ...answer, ...said(entry, unsent) } : answer;
  });
}

/** @param {OwnAnswer[]} all @param {Entry} entry */
function withoutUndone(all, entry) {
  return all.filter((answer) => answer.client_id !== entry.of);
}

/** @param {OwnAnswer[]} all */
function same(all) {
  return all;
}

/** @param {Entry} entry @param {boolean} unsent @returns {OwnAnswer} */
function said(entry, unsent) {
  const { client_id, item_id = "", value = "unsure", image_url = null, path = null } = entry;
  const { comment = "", escalation = null, tags = [], regions = [], given_at = "" } = entry;
  const annotations = { comment, escalation, tags, regions };
  return { client_id, item_id, value, image_url, path, unsent, labelled_at: given_at, ...annotations };
}
