// Says of what a page asks for by itself that nobody is at it, so that it keeps no sign-in alive.

const QUIET_MS = 60_000;
const HEADER = "x-unattended";
const TOUCHES = ["keydown", "pointerdown", "pointermove", "wheel"];
let touchedAt = performance.now();

for (const kind of TOUCHES) {
  addEventListener(kind, () => (touchedAt = performance.now()), { capture: true, passive: true });
}

const send = window.fetch.bind(window);

// Gradio's own calls, too: its timers go through here.
window.fetch = (input, init) => {
  if (performance.now() - touchedAt < QUIET_MS) return send(input, init);
  const request = new Request(input, init);
  if (new URL(request.url).origin === location.origin) request.headers.set(HEADER, "1");
  return send(request);
};
