"""The metadata of a file, as rows for a person to read.

Anybody can write anything into a file, or take it out: a claim, never proof. It is evidence all the
same, so blind reviewers see it; only what names the file or its source is withheld, and what says
that a generator made it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review_app.forensics.claims import claims, generator_claim
from review_app.forensics.notes import noted
from review_app.i18n import current_language, t

MAX_ROWS: Final = 200
MAX_SHOWN: Final = 2_000
"""Characters of one value: what generators keep is longer than anybody reads."""
_STATES: Final = frozenset({"trusted", "valid", "broken", "unchecked"})
_NAMING: Final = frozenset({"DocumentName", "OriginalRawFileName"})
_SHORTEST_NAME: Final = 4
"""Characters: a shorter name turns up everywhere by chance."""
_TITLES: Final = {"exif": "EXIF", "gps": "GPS", "xmp": "XMP", "iptc": "IPTC"}
_WORDED: Final = ("text", "comment", "icc", "dpi")


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the table of metadata."""

    name: str
    value: str


def facts(
    metadata: Mapping[str, Any], names: Iterable[str] = (), *, revealing: bool = False
) -> list[Fact]:
    """The rows of ``metadata`` as :func:`review_app.intake.metadata.read_metadata` makes it.

    Values in which one of ``names`` (of the file, its source) turns up are withheld. Where the file
    says that a generator made it, the first row tells so, and how easily that is forged. Unless
    ``revealing``, that row is left out with those that say so, as if the file did not: whoever
    knows needs to look at the image no longer.
    """
    hidden = [name.casefold() for name in names if len(name) >= _SHORTEST_NAME]
    saying = set() if revealing else {claim.place for claim in claims(metadata)}
    rows = [*_claimed(metadata)] if revealing else []
    for place, name, value in _rows(metadata):
        if place in saying or (saying and place.startswith("c2pa")):
            continue
        if name.rsplit(" ", 1)[-1] in _NAMING or any(h in value.casefold() for h in hidden):
            value = t("inspect.withheld")
        rows.append(Fact(name, value))
    return rows[:MAX_ROWS]


def in_short(metadata: Mapping[str, Any]) -> list[Fact]:
    """Those rows, all revealed, that people should see first: whether a generator made it, what
    content credentials say, or that there are none, and what is odd about the file."""
    rows = [
        Fact(name, value)
        for place, name, value in _rows(metadata)
        if place == "notes" or place.startswith("c2pa")
    ]
    if metadata.get("c2pa") is None:
        rows.append(Fact(t("inspect.fact_c2pa"), t("inspect.c2pa_none")))
    return [*_claimed(metadata), *rows]


def claim_in_words(claim: str) -> str:
    """A sentence that a generator made it, by what, and what stands behind that; ``claim`` as
    `generator_claim` makes it."""
    evidence, _, by = claim.partition(": ")
    says = t("says.made_by", by=by) if by else t("says.made")
    return f"{says} {t(f'says.worth_{evidence}')}"


def _claimed(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    claim = generator_claim(metadata)
    if claim is not None:
        yield Fact(t("inspect.fact_claim"), claim_in_words(claim))


def _rows(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The place that each row comes from (as `Claim.place` has it), its name and its value."""
    for note in noted(metadata):
        yield "notes", t("inspect.fact_notes"), note.render(current_language())
    yield from _credentials(metadata.get("c2pa"))
    for key, title in (_TITLES | {key: t(f"inspect.fact_{key}") for key in _WORDED}).items():
        content = metadata.get(key)
        if isinstance(content, Mapping):
            for name, value in content.items():
                yield f"{key} {name}", f"{title} {name}", _text(value)
        elif content not in (None, "", []):
            yield key, title, _text(content)


def _credentials(found: Any) -> Iterator[tuple[str, str, str]]:
    """What content credentials say, the state first."""
    if not isinstance(found, Mapping):
        return
    title = t("inspect.fact_c2pa")
    state = str(found.get("state"))
    yield "c2pa state", title, t(f"inspect.c2pa_{state if state in _STATES else 'broken'}")
    for key in ("signer", "generator", "sources", "faults"):
        if found.get(key):
            yield f"c2pa {key}", f"{title}: {t(f'inspect.c2pa_{key}')}", _text(found[key])


def _text(value: Any) -> str:
    text = _whole(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _whole(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_whole(one) for one in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_whole(one)}" for name, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
