// What the server knows of one's answers, together with what it has not heard yet. Pure.

// answers: as of /review/recent, newest first. entries: of the outbox, oldest first; sent: the
// server has taken them.
export function merged(answers, entries, { sent = false } = {}) {
  let all = [...answers];
  for (const entry of entries) all = (MERGE[entry.kind] ?? same)(all, entry, !sent);
  return all;
}

const MERGE = { label: withLabel, change: withChange, undo: withoutUndone };

function withLabel(all, entry, unsent) {
  const known = all.some((answer) => answer.client_id === entry.client_id);
  return known ? all : [{ ...said(entry, unsent), changeable: true }, ...all];
}

function withChange(all, entry, unsent) {
  return all.map((answer) => {
    return answer.client_id === entry.of ? { ...answer, ...said(entry, unsent) } : answer;
  });
}

function withoutUndone(all, entry) {
  return all.filter((answer) => answer.client_id !== entry.of);
}

function same(all) {
  return all;
}

function said(entry, unsent) {
  const { client_id, item_id, value, comment, escalation, tags, regions } = entry;
  const { image_url, path, given_at } = entry;
  return {
    client_id, item_id, value, comment, escalation, tags, regions, image_url, path, unsent,
    labelled_at: given_at,
  };
}
