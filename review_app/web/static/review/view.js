// The page's parts and what they show. Knows nothing of the server's answers.

import { find, findAll } from "../dom.js";
import { ended, t } from "../words.js";
import { ACTIONS } from "./actions.js";
import { AnnotationPanel } from "./annotation_panel.js";
import { isAnswer } from "./answers.js";
import { BlurOverlay } from "./blur_overlay.js";
import { drawCaps } from "./caps.js";
import { claimLine } from "./file_claim.js";
import { FaceOutlines } from "./face_outlines.js";
import { framesOf } from "./frames.js";
import { Grid } from "./grid.js";
import { Hint } from "./hint.js";
import { KeyList } from "./keylist.js";
import { More } from "./more.js";
import { ReviewerAnswers } from "./reviewer_answers.js";
import { Session } from "./session.js";
import { Status } from "./status.js";
import { Swipe } from "./swipe.js";
import { ZoomPanel } from "./zoom_panel.js";


export class View {
  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} statusPlace
   * @param {Person} person
   * @param {Keymap} keymap
   */
  constructor(root, statusPlace, person, keymap) {
    this.root = root;
    this.$ = (/** @type {string} */ id) => find(root, `#${id}`);
    this.status = new Status(statusPlace);
    this.help = new KeyList(root, keymap);
    this.hint = new Hint(root, person);
    this.zoomPanel = new ZoomPanel(root, person);
    this.blurOverlay = new BlurOverlay(root, person);
    this.annotationPanel = new AnnotationPanel(root, this.zoomPanel, (text) => this.say(text));
    this.reviewerAnswers = new ReviewerAnswers(root, this.zoomPanel);
    this.faceOutlines = new FaceOutlines(root, this.zoomPanel.zoom, (text) => this.say(text));
    this.session = new Session(root, person, this.blurOverlay);
    this.swipe = new Swipe(root);
    this.grid = new Grid(root, keymap);
    this.more = new More(root);
    this.status.session.addEventListener("click", () => this.session.act("session"));
    keymap.on("change", () => drawCaps(root, keymap));
    drawCaps(root, keymap);
  }

  // Whether the action was one of looking, or about oneself.
  /** @param {string} action */
  act(action) {
    const parts = [this.zoomPanel, this.faceOutlines, this.blurOverlay, this.session];
    return parts.some((part) => part.act(action));
  }

  /** @param {HTMLElement} image @param {Task} task */
  showImage(image, task) {
    this.$("pause").hidden = true;
    this.blurOverlay.over(image);
    this.$("frame").replaceChildren(image);
    this.zoomPanel.show(image);
    this.reviewerAnswers.show(task.statements);
    this.faceOutlines.show(task.faces);
    this.#tellFrames(framesOf(task));
    this.#enable(true);
  }

  // A new image that is not there yet: the last frame goes only when there is something to say.
  showWaiting() {
    this.#enable(false);
  }

  /**
   * @param {string} title
   * @param {string} text
   * @param {Choice[]} [actions]
   * @param {{ takesFocus?: boolean }} [options]
   */
  showPause(title, text, actions = [], { takesFocus = false } = {}) {
    this.$("frame").replaceChildren();
    this.zoomPanel.show(null);
    this.blurOverlay.over(null);
    this.reviewerAnswers.show(null);
    this.faceOutlines.show([]);
    this.#tellFrames("");
    this.$("pause-title").textContent = title;
    this.$("pause-text").textContent = text;
    this.$("pause-actions").replaceChildren(...actions.map(([name, act]) => button(name, act)));
    this.$("pause").hidden = false;
    if (takesFocus) find(this.$("pause-actions"), "button").focus();
    this.#enable(false);
  }

  // What was answered last; where a score stands in it, the card of who gave it is one step away.
  /** @param {string} text @param {boolean} [hasScore] */
  setPrevious(text, hasScore = false) {
    this.$("previous-card").hidden = !hasScore;
    this.$("previous-text").textContent = text;
    this.$("previous").title = text;
  }

  /** @param {RefusedEntry[]} entries @param {(entry: RefusedEntry) => void} dismiss */
  showRefused(entries, dismiss) {
    const list = this.$("aside");
    list.hidden = entries.length === 0;
    list.replaceChildren(
      ...entries.map((entry) => {
        const row = document.createElement("p");
        row.append(refusedLine(entry), " ", button(t("review.dismiss"), () => dismiss(entry)));
        return row;
      }),
    );
  }

  /** @param {string} text */
  say(text) {
    this.$("said").textContent = text;
  }

  /** @param {string} words */
  #tellFrames(words) {
    this.$("frames-note").hidden = words === "";
    this.$("frames-note").textContent = words;
  }

  /** @param {boolean} can */
  #enable(can) {
    for (const { name } of ACTIONS.filter((action) => action.needsImage)) {
      for (const element of findAll(this.root, `[data-do="${name}"]`)) {
        element.setAttribute("aria-disabled", String(!can));
      }
    }
  }
}

// What was said, and what the model had said: neither praised nor blamed.
/** @param {Pick<Entry, "value" | "escalation">} entry @param {Reply} [receipt] */
export function previousLine({ value, escalation }, receipt) {
  const sentences = [t("review.previous", { answer: answerName(value) })];
  if (escalation) sentences.push(t("review.previous_escalated"));
  if (receipt?.extra) sentences.push(t("review.previous_extra"));
  if (receipt?.opinion) sentences.push(t("review.previous_model", { words: receipt.opinion.words }));
  if (receipt?.claim) sentences.push(claimLine(receipt.claim));
  return sentences.join(" ");
}

// An answer's value as it reads within a sentence; what the browser kept may be none of them.
/** @param {string | undefined} value */
export function answerName(value) {
  return isAnswer(value) ? t(`review.answer_${value}`) : String(value);
}

/** @param {RefusedEntry} entry */
function refusedLine({ kind, value, why }) {
  if (kind === "skip") return t("review.refused_skip", { why: ended(why) });
  return t("review.refused_answer", { answer: answerName(value), why: ended(why) });
}

/** @param {string} name @param {Act} act */
function button(name, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = name;
  element.addEventListener("click", act);
  return element;
}
