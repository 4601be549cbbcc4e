"""A data card for people: one HTML page that needs nothing else, and a few lines of text."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from review_app.core.errors import InputError
from review_app.lab.datasets.card import QUANTILES, Card
from review_app.manifests.files import write_whole

_TEMPLATES = Path(__file__).parent / "templates"
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
    """The page, with every name escaped; no scripts, images or requests, and a policy against them.

    The one style sheet is allowed by its hash, so that a name which got past the escaping could not
    even change how the page looks.
    """
    style = (_TEMPLATES / "data_card.css").read_text("utf-8")
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template("data_card.html")
    return page.render(
        card=card,
        quantiles=QUANTILES,
        shown=_SHOWN,
        style=Markup(style),  # noqa: S704 - a file of ours
        policy=_policy(style),
    )


def _policy(style: str) -> str:
    """Nothing but the style sheet ``style``. A page cannot forbid in itself that it is framed."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def card_words(card: Card) -> str:
    """The card in a few lines."""
    everything = card["balance"][0]
    lines = [f"{card['n']} images: {everything['fake']} fake, {everything['real']} real"]
    for part in card["balance"][1:]:
        lines.append(f"  {part['part']} {part['name']}: {part['fake']} fake, {part['real']} real")
    if weights := card["weights"]:
        lines.append(
            f"weights from {weights['smallest']:g} to {weights['largest']:g}: as good as "
            f"{weights['effective_n']:,.0f} images of equal weight"
        )
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
