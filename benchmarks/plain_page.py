"""The obvious review page, for comparison: ``gr.Image``, buttons, and Gradio's queue.

``python -m benchmarks.plain_page FOLDER PORT`` shows the JPEGs below a folder, one after the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gradio as gr

_KEY = """<script>
document.addEventListener("keydown", (event) => {
  if (event.key === "f" && !event.repeat) document.querySelector("#fake")?.click();
});
</script>"""


def build(pictures: list[Path]) -> gr.Blocks:
    """A page that shows the next picture once the answer to the one before is stored."""
    labels: list[tuple[int, str]] = []

    def answer(at: int) -> tuple[int, str]:
        labels.append((at, "fake"))
        return at + 1, str(pictures[(at + 1) % len(pictures)])

    page = gr.Blocks()
    with page:
        at = gr.State(0)
        image = gr.Image(str(pictures[0]), type="filepath", interactive=False, height=700)
        button = gr.Button("Fake", elem_id="fake")
        button.click(answer, at, [at, image])
    return page


def main() -> None:
    """Serve until stopped."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    pictures = sorted(folder.rglob("*.jpg"))
    build(pictures).launch(
        server_name="127.0.0.1",
        server_port=port,
        head=_KEY,
        allowed_paths=[str(folder)],
        quiet=True,
    )


if __name__ == "__main__":
    main()
