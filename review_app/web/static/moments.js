// Moments come in UTC; whoever reads the page sees them where they are, with their zone said.

const LOCAL = /** @type {const} */ ({
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

// "2026-11-30 16:40 GMT+9", in the form in which the server writes UTC.
/** @param {Date} moment */
export function local(moment) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || "en", LOCAL);
  const part = Object.fromEntries(format.formatToParts(moment).map((one) => [one.type, one.value]));
  const day = `${part.year}-${part.month}-${part.day}`;
  return `${day} ${part.hour}:${part.minute} ${part.timeZoneName}`;
}

/** @type {WeakMap<HTMLTimeElement, string>} */
const told = new WeakMap();

/** @param {Element | null} time */
function tell(time) {
  if (!(time instanceof HTMLTimeElement) || time.textContent === told.get(time)) return;
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const text = local(moment);
  told.set(time, text);
  time.title = time.textContent ?? "";
  time.textContent = text;
}

/** @param {Document | Element} root */
function tellAll(root) {
  for (const time of root.querySelectorAll("time[datetime]")) tell(time);
}

// Pages change after they have come, and Gradio writes new values into the elements of former ones.
const changes = new MutationObserver((records) => {
  for (const { target, addedNodes } of records) {
    tell(target instanceof Element ? target : target.parentElement);
    for (const node of addedNodes) {
      if (!(node instanceof Element)) continue;
      tell(node);
      tellAll(node);
    }
  }
});
changes.observe(document.documentElement, {
  attributeFilter: ["datetime"],
  characterData: true,
  childList: true,
  subtree: true,
});
tellAll(document);
