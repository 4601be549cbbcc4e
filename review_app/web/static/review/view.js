// The page's parts and what they show. Knows nothing of the server's answers.

import { Closer } from "./closer.js";

export class View {
  constructor(root, statusPlace, person) {
    this.root = root;
    this.$ = (id) => root.querySelector(`#${id}`);
    this.status = new Status(statusPlace);
    this.help = this.$("help");
    this.hint = new Hint(root, person);
    this.comment = new CommentBox(root);
    this.closer = new Closer(root, person);
  }

  showImage(image) {
    this.$("pause").hidden = true;
    this.$("frame").replaceChildren(image);
    this.closer.show(image);
    this.#enable(true);
  }

  // A new image that is not there yet: the last frame goes only when there is something to say.
  showWaiting() {
    this.#enable(false);
  }

  showPause(title, text, actions = []) {
    this.$("frame").replaceChildren();
    this.closer.show(null);
    this.$("pause-title").textContent = title;
    this.$("pause-text").textContent = text;
    this.$("pause-actions").replaceChildren(...actions.map(([name, act]) => button(name, act)));
    this.$("pause").hidden = false;
    this.#enable(false);
  }

  setPrevious(text) {
    this.$("previous-text").textContent = text;
    this.$("previous").title = text;
  }

  showRefused(entries, dismiss) {
    const list = this.$("aside");
    list.hidden = entries.length === 0;
    list.replaceChildren(
      ...entries.map((entry) => {
        const row = document.createElement("p");
        const what = entry.value ? `Your answer “${entry.value}”` : `Your ${entry.kind}`;
        row.append(`${what} was not taken: ${entry.why}. `);
        row.append(button("Dismiss", () => dismiss(entry)));
        return row;
      }),
    );
  }

  say(text) {
    this.$("said").textContent = text;
  }

  #enable(can) {
    for (const action of ["real", "fake", "unsure", "skip", "comment"]) {
      const element = this.root.querySelector(`[data-do="${action}"]`);
      element.setAttribute("aria-disabled", String(!can));
    }
  }
}

// The first-run hint: there until it is closed or the first answer is given, and never again.
class Hint {
  #key;
  #box;

  constructor(root, person) {
    this.#key = `deepfake-review/hint/${person.id}`;
    this.#box = root.querySelector("#hint");
    this.#box.hidden = this.#wasSeen();
    root.querySelector("#hint-close").addEventListener("click", () => this.seen());
  }

  seen() {
    if (this.#box.hidden) return;
    this.#box.hidden = true;
    try {
      localStorage.setItem(this.#key, "seen");
    } catch {
      // then it comes again
    }
  }

  #wasSeen() {
    try {
      return localStorage.getItem(this.#key) !== null;
    } catch {
      return false;
    }
  }
}

class CommentBox {
  constructor(root) {
    this.form = root.querySelector("#comment");
    this.text = root.querySelector("#comment-text");
    this.button = root.querySelector('[data-do="comment"]');
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.close();
    });
    this.text.addEventListener("keydown", (event) => {
      const done = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (done || event.key === "Escape") {
        event.preventDefault();
        this.close();
      }
    });
  }

  get value() {
    return this.text.value.trim();
  }

  set value(text) {
    this.text.value = text;
    this.#mark();
  }

  toggle() {
    if (this.form.hidden) this.open();
    else this.close();
  }

  open() {
    this.before = document.activeElement;
    this.form.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.text.focus();
  }

  close() {
    const hadFocus = this.form.contains(document.activeElement);
    this.form.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.#mark();
    if (!hadFocus) return;
    // Back to the button that opened it; a key opened it from nowhere in particular.
    this.text.blur();
    this.before?.focus();
  }

  #mark() {
    this.button.classList.toggle("has-comment", this.value !== "");
  }
}

// The part of the header that is about this page: queue, progress, whether all is saved.
class Status {
  constructor(place) {
    place.innerHTML = `<div class="status">
<label id="queue-label" hidden><span class="visually-hidden">Queue</span>
<select id="queue"><option value="waiting">Waiting</option>
<option value="escalated">Escalated</option></select></label>
<span id="progress"></span><span id="session"></span><span id="order"></span>
<span id="saved" role="status"></span></div>`;
    this.queue = place.querySelector("#queue");
    this.queueLabel = place.querySelector("#queue-label");
    this.progress = place.querySelector("#progress");
    this.session = place.querySelector("#session");
    this.order = place.querySelector("#order");
    this.saved = place.querySelector("#saved");
  }

  setProgress(progress) {
    this.progress.textContent = `${progress.waiting} wait · ${progress.done_today} done today`;
    this.session.textContent = `${progress.done_session} this session`;
    this.order.textContent = `Order: ${progress.order}`;
    if (progress.escalated === null) return;
    this.queueLabel.hidden = false;
    this.queue.options[1].textContent = `Escalated (${progress.escalated})`;
  }

  setSaved(text, isFine) {
    if (this.saved.textContent === text) return;
    this.saved.textContent = text;
    this.saved.classList.toggle("is-fine", isFine);
  }
}

// What was said, and what the model had said: neither praised nor blamed.
export function previousLine(value, receipt) {
  let line = `Previous: you said ${value}.`;
  if (receipt?.extra) line += " Others had settled it meanwhile; yours is kept beside theirs.";
  if (receipt?.opinion) line += ` Model: ${receipt.opinion.words}`;
  return line;
}

function button(name, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = name;
  element.addEventListener("click", act);
  return element;
}
