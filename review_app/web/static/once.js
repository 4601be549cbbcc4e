// A form is sent once: a second press of its button would only find out that the first one was done.

const AGAIN_MS = 5_000;
const sent = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), AGAIN_MS); // the line may be down
});
