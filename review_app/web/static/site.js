// Where this site's addresses begin: nothing, or a desk's prefix.

/** @type {HTMLMetaElement | null} */
const meta = document.querySelector('meta[name="site"]');
export const site = meta?.content ?? "";

// What this browser keeps for a person goes by their number; at a desk it is kept apart, under a name
// that none of the others begins with.
/** @param {Person} person */
export function owner(person) {
  return site ? `${site.slice(1)}:${person.id}` : String(person.id);
}
