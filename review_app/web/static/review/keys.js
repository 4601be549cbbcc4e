// From key presses and buttons to actions. Every action has both.

const KEYS = {
  r: "real",
  f: "fake",
  u: "unsure",
  s: "skip",
  z: "undo",
  c: "comment",
  "?": "help",
  l: "closer",
  1: "view:error-level",
  2: "view:noise",
  3: "view:spectrum",
  4: "view:ghost",
  5: "view:saliency",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  0: "zoom-fit",
  n: "neutral",
  i: "file-says",
};
const TYPING = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";

export function listen(root, act) {
  document.addEventListener("keydown", (event) => {
    // A button that has the focus repeats its click while Enter is held down.
    if (event.repeat && event.target.closest?.("#review button")) event.preventDefault();
    const action = KEYS[event.key.toLowerCase()];
    if (!action || event.repeat || isForSomethingElse(event)) return;
    event.preventDefault();
    act(action);
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do);
  });
}

export function isForSomethingElse(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector("dialog[open]")) return true;
  return event.target.closest?.(TYPING) != null;
}
