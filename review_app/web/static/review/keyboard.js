// Phones lay their keyboard over the page; some make the page smaller for it, others say only here
// how much of it is covered. What is typed into has to lie above.

const LEAST_PX = 120; // what is covered less than this is no keyboard

/** @param {HTMLElement} root */
export function keepAboveKeyboard(root) {
  const seen = window.visualViewport;
  if (!seen) return;
  const measure = () => {
    const hidden = seen.scale > 1 ? 0 : innerHeight - seen.height; // zoomed, it is by choice
    root.classList.toggle("has-keyboard", hidden >= LEAST_PX);
    root.style.setProperty("--covered", `${Math.max(0, hidden - seen.offsetTop)}px`);
  };
  for (const change of ["resize", "scroll"]) seen.addEventListener(change, measure);
}
