// From key presses and buttons to actions. Every action has both.

const KEYS = { r: "real", f: "fake", u: "unsure", s: "skip", z: "undo", c: "comment", "?": "help" };

export function listen(root, act) {
  document.addEventListener("keydown", (event) => {
    // A button that has the focus repeats its click while Enter is held down.
    if (event.repeat && event.target.closest?.("#review button")) event.preventDefault();
    const action = KEYS[event.key.toLowerCase()];
    if (!action || isForSomethingElse(event)) return;
    event.preventDefault();
    act(action);
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do);
  });
}

function isForSomethingElse(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return true;
  }
  if (document.querySelector("dialog[open]")) return true;
  return event.target.closest?.("input, textarea, select, [contenteditable]") != null;
}
