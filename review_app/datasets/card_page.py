"""A data card for people: one HTML page that needs nothing else, and a few lines of text."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from review_app.datasets.card import QUANTILES, Card
from review_app.datasets.files import write_whole
from review_app.errors import InputError

_SHOWN = 20
"""Rows named in each list of the page; card.json names all."""


def write_card(card: Card, folder: Path) -> None:
    """Write ``card.json`` and ``card.html`` to ``folder``; InputError where that cannot be done."""
    try:
        text = json.dumps(card, indent=1, allow_nan=False) + "\n"
        write_whole(folder / "card.json", text)
        write_whole(folder / "card.html", card_html(card))
    except OSError as error:
        raise InputError(
            f"the card cannot be written to {folder} ({error.strerror}); choose another folder"
        ) from error


def card_html(card: Card) -> str:
    """The page, with every name escaped; no scripts, images or requests."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template("data_card.html")
    return page.render(card=card, quantiles=QUANTILES, shown=_SHOWN)


def card_words(card: Card) -> str:
    """The card in a few lines."""
    everything = card["balance"][0]
    lines = [f"{card['n']} images: {everything['fake']} fake, {everything['real']} real"]
    for part in card["balance"][1:]:
        lines.append(f"  {part['part']} {part['name']}: {part['fake']} fake, {part['real']} real")
    for kind, name in (("exact", "copies"), ("near", "near-copies")):
        found = card["duplicates"][kind]
        lines.append(
            f"families of {name}: {len(found['within'])} within a split, "
            f"{len(found['across'])} across splits"
        )
    lines += [
        f"dropped by {step['what']}: {len(step['dropped'])} "
        f"({', '.join(f'{reason} {n}' for reason, n in step['dropped_counts'].items()) or 'none'})"
        for step in card["steps"]
    ]
    lines += [f"note: {warning}" for warning in card["warnings"]]
    return "\n".join(lines)
