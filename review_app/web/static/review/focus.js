// A press of the pointer leaves the keyboard to the image: Space or Enter would press the button
// that was clicked once more, and letters would choose from the list that was opened. What Tab
// has reached keeps the keyboard; so do forms and dialogs, where the keys mean something else.

const CONTROLS = "button, a, summary, input[type=range], input[type=checkbox]";
const LISTS = "select"; // it needs the keyboard for as long as it is open, which nobody tells
const APART = "form, dialog";
const OURS = /^(.|Arrow.*|Enter|Escape)$/; // keys that may mean something on the page
const CLOSED = "dialog:not([open])"; // what had the keyboard in it has it for a frame more

export function leaveKeysToImage() {
  let byPointer = true; // whatever happened last
  let list = null; // that the pointer has opened, and that may be closed by now
  const on = (type, act) => addEventListener(type, act, { capture: true });
  const release = (kind) => {
    const element = document.activeElement;
    if (byPointer && element?.matches(kind) && !element.closest(APART)) element.blur();
  };
  on("pointerdown", ({ target }) => {
    byPointer = true;
    list = target.matches?.(LISTS) && !target.closest(APART) ? target : null;
  });
  on("mouseup", () => release(CONTROLS)); // also of a button that was let go of elsewhere
  on("click", () => release(CONTROLS)); // also of a box whose name was clicked
  on("change", () => release(`${CONTROLS}, ${LISTS}`));
  on("keydown", (event) => {
    byPointer = false;
    if (event.key === "Tab") list = null;
    if (event.ctrlKey || event.metaKey || event.altKey || !OURS.test(event.key)) return;
    if (event.target.closest?.(CLOSED) || (event.target === list && !isOpen(list))) passOn(event);
  });
}

// As if it had been pressed with nothing in particular in hand.
function passOn(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  event.target.blur();
  document.body.dispatchEvent(new KeyboardEvent(event.type, event));
}

function isOpen(list) {
  return CSS.supports("selector(:open)") && list.matches(":open");
}
