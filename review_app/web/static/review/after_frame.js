// What may wait until what is on the page now has been on the screen.

const LONGEST_MS = 100; // nothing is drawn of a page that nobody sees

/** @returns {Promise<void>} */
export function drawn() {
  return new Promise((done) => void requestAnimationFrame(() => setTimeout(done)));
}

/** @param {Act} act */
export function afterFrame(act) {
  const tooLong = new Promise((done) => void setTimeout(done, LONGEST_MS));
  Promise.race([drawn(), tooLong]).then(act);
}
