// Phones lay their keyboard over the page; some make the page smaller for it, others say only here
// how much of it is covered. What is typed into has to lie above.

const LEAST_PX = 120; // what is covered less than this is no keyboard

export function keepAboveKeyboard(root) {
  const seen = window.visualViewport;
  if (!seen) return;
  const measure = () => {
    const isZoomed = seen.scale > 1;
    const covered = isZoomed ? 0 : Math.max(0, innerHeight - seen.height - seen.offsetTop);
    root.style.setProperty("--covered", `${covered}px`);
    root.classList.toggle("has-keyboard", covered >= LEAST_PX);
  };
  for (const change of ["resize", "scroll"]) seen.addEventListener(change, measure);
}
