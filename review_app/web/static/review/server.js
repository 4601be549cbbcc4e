// Calls to /api/v1/review, with failures sorted by what they mean for an answer that waits.

export class Unreachable extends Error {} // try again later: no line, or the server is in trouble
export class SignedOut extends Error {} // try again once the same person has signed in
export class Refused extends Error {} // the server has read it and says no; again is no use

const BASE = "/api/v1/review/";
const PATIENCE_MS = 20_000;

export class Server {
  constructor(person) {
    this.person = person;
  }

  take(n, queue, page) {
    return this.#post("take", { n, queue, page });
  }

  label({ client_id, item_id, value, comment, seconds }) {
    return this.#post("label", { client_id, item_id, value, comment, seconds });
  }

  skip({ item_id }) {
    return this.#post("skip", { item_id });
  }

  undo({ client_id }) {
    return this.#post("undo", { client_id });
  }

  heartbeat() {
    return this.#post("heartbeat");
  }

  progress(since) {
    return this.#call("GET", `progress?since=${encodeURIComponent(since)}`);
  }

  // Said while the page goes away; nobody waits for the answer.
  release(page) {
    const body = new Blob([JSON.stringify({ page })], { type: "application/json" });
    navigator.sendBeacon(`${BASE}release`, body);
  }

  #post(path, body) {
    return this.#call("POST", path, body);
  }

  async #call(method, path, body) {
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
    throw failure(answer.status, reply.error?.message ?? `the server answered ${answer.status}`);
  }
}

function failure(status, message) {
  if (status === 401) return new SignedOut(message);
  if (status >= 500 || status === 408 || status === 429) return new Unreachable(message);
  return new Refused(message);
}
