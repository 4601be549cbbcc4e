// Elements: made, found, and waited for.

/**
 * properties: as of Object.assign; children: nodes and texts. Never markup.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/**
 * What has to be on the page, of this kind.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (found);
}

/**
 * All of them that are elements of HTML.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export function findAll(root, selector) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))];
}

/**
 * What an event happened in, by a selector; null where it happened elsewhere.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closest({ target }, selector) {
  return /** @type {Partial<Element> | null} */ (target)?.closest?.(selector) ?? null;
}

/** What has the focus, or null. */
export function focused() {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement ? activeElement : null;
}

/**
 * Hear of an event before the page's other parts.
 * @template {keyof WindowEventMap} K
 * @param {K} type
 * @param {(event: WindowEventMap[K]) => void} act
 */
export function capture(type, act) {
  addEventListener(type, act, { capture: true });
}

/**
 * Gradio draws the page after scripts have loaded; wait for an element of ours to be there.
 * @param {string} selector
 * @param {(found: HTMLElement) => void} then
 */
export function whenThere(selector, then) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLElement) {
    then(found);
    return;
  }
  const observer = new MutationObserver(() => {
    const element = document.querySelector(selector);
    if (element instanceof HTMLElement) {
      observer.disconnect();
      then(element);
    }
  });
  observer.observe(document.documentElement, { childList: true, subtree: true });
}
