"""A text that is shown this once, in a field, with a button that copies it."""

from __future__ import annotations

from markupsafe import Markup

COPYING = """element.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const field = element.querySelector("input");
  field.select();
  await navigator.clipboard.writeText(field.value);
  button.textContent = button.dataset.copied;
});"""
"""The script of the component that holds it."""
_CARD = Markup(
    '<div class="card"><label>{words}<input type="text" readonly value="{text}"></label>'
    '<button type="button" class="copy" data-copied="{copied}">{copy}</button></div>'
)


def to_be_copied(words: str, text: str, copy: str, copied: str) -> Markup:
    """``text`` below ``words``; ``copy`` and ``copied`` are on the button before and after."""
    return _CARD.format(words=words, text=text, copy=copy, copied=copied)
