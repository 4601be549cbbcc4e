// Elements: made, found, and waited for.

// properties: as of Object.assign; children: nodes and texts. Never markup.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Gradio draws the page after scripts have loaded; wait for an element of ours to be there.
export function whenThere(selector, then) {
  const found = document.querySelector(selector);
  if (found) {
    then(found);
    return;
  }
  const observer = new MutationObserver(() => {
    const element = document.querySelector(selector);
    if (element) {
      observer.disconnect();
      then(element);
    }
  });
  observer.observe(document.documentElement, { childList: true, subtree: true });
}
