// Calls to /api/v1/review, with failures sorted by what they mean for an answer that waits.

import { site } from "../site.js";
import { t } from "../words.js";

export class Unreachable extends Error {} // try again later: no line, or the server is in trouble
export class NotStored extends Unreachable {} // the same, and the server says why: its disk
export class Limited extends Unreachable {} // for now: it says when it goes on
export class SignedOut extends Error {} // try again once the same person has signed in
export class AccountClosed extends SignedOut {} // the same, once an admin has opened the account
export class Refused extends Error {} // the server has read it and says no; again is no use

const BASE = `${site}/api/v1/review/`;
const PATIENCE_MS = 20_000;
const RECENT = 30;
const STORES_NOTHING = new Set(["not_stored", "storage_lost", "storage"]);
/** @type {Record<EntryKind, (keyof Entry)[]>} */
const SENT = {
  label: ["kind", "client_id", "item_id", "value", "comment", "escalation", "tags", "regions", "seconds", "together"],
  change: ["kind", "client_id", "of", "value", "comment", "escalation", "tags", "regions"],
  skip: ["kind", "client_id", "item_id"],
  undo: ["kind", "client_id", "of"],
};

export class Server {
  /** @param {Person} person */
  constructor(person) {
    this.person = person;
  }

  /** @param {number} n @param {Queue} queue @param {string} page @returns {Promise<Task[]>} */
  take(n, queue, page) {
    return this.#post("take", { n, queue, page });
  }

  // Items that look like one in hand, leased from now on.
  /** @param {string} item_id @returns {Promise<Task[]>} */
  similar(item_id) {
    return this.#post("similar", { item_id });
  }

  // Entries of the outbox, in order. What became of each, by its client_id: {reply, refusal}.
  /** @param {Entry[]} entries @returns {Promise<Map<string, Outcome>>} */
  async answers(entries) {
    /** @type {Answered[]} */
    const outcomes = await this.#post("answers", { entries: entries.map(asSent) });
    return new Map(
      outcomes.map(({ client_id, receipt, task, error }) => {
        return [client_id, { reply: receipt ?? task, refusal: error?.message }];
      }),
    );
  }

  // What the admin chose for this page: {values, tags, veil}.
  /** @returns {Promise<PageOptions>} */
  choices() {
    return this.#call("GET", "choices");
  }

  // One's own answers in force, newest first.
  /** @returns {Promise<OwnAnswer[]>} */
  recent() {
    return this.#call("GET", `recent?n=${RECENT}`);
  }

  /** @returns {Promise<{ items: number }>} */
  heartbeat() {
    return this.#post("heartbeat");
  }

  // Both are moments (ISO 8601): since when the session goes on, and when the person's day began.
  /** @param {string} since @param {string} today @returns {Promise<Progress>} */
  progress(since, today) {
    return this.#call("GET", `progress?${new URLSearchParams({ since, today })}`);
  }

  // Give back what is held, but for some items.
  /** @param {string} page @param {string[]} keep */
  keepOnly(page, keep) {
    return this.#post("release", { page, keep });
  }

  // Said while the page goes away; nobody waits for the answer.
  /** @param {string} page */
  release(page) {
    const body = new Blob([JSON.stringify({ page })], { type: "application/json" });
    navigator.sendBeacon(`${BASE}release`, body);
  }

  /** @param {string} path @param {unknown} [body] */
  #post(path, body) {
    return this.#call("POST", path, body);
  }

  /** @param {string} method @param {string} path @param {unknown} [body] */
  async #call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json", "x-person": String(this.person.id) };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error) => {
      throw new Unreachable(error.message);
    });
    if (answer.status === 204) return null;
    const reply = await answer.json().catch(() => ({}));
    if (answer.ok) return reply;
    const message = reply.error?.message ?? t("closer.server_answered", { status: String(answer.status) });
    throw failure(answer.status, message, reply.error?.code);
  }
}

// The address that leads back to this page once the person has signed in.
export function signIn() {
  return `/login?${new URLSearchParams({ next: location.pathname + location.search })}`;
}

// Without what only the page needs.
/** @param {Entry} entry */
function asSent(entry) {
  return Object.fromEntries(SENT[entry.kind].map((name) => [name, entry[name]]));
}

// What an answer of this status means for the page.
/** @param {number} status @param {string} message @param {string} [code] */
export function failure(status, message, code) {
  if (code === "account_closed") return new AccountClosed(message);
  if (status === 401) return new SignedOut(message);
  if (code && STORES_NOTHING.has(code)) return new NotStored(message);
  if (status === 429) return new Limited(message);
  if (status >= 500 || status === 408) return new Unreachable(message);
  return new Refused(message);
}
