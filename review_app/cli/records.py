"""``show`` and ``correct``: what is known of one image, and putting its verdict right."""

from __future__ import annotations

from typing import Annotated

import typer

from review_app.cli.common import AsJson, application, result
from review_app.cli.operator import operator
from review_app.detectors.members import MemberSaid
from review_app.forensics.notes import first_of
from review_app.i18n import ENGLISH
from review_app.i18n.formatting import plus_minus
from review_app.records.correction import VALUES
from review_app.records.record import Answer, ImageRecord

ItemNumber = Annotated[int, typer.Argument(min=1, help="The item's number.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(show)
    app.command()(correct)


def show(item: ItemNumber, as_json: AsJson = False) -> None:
    """Print all that is known of an image, and what happened to it."""
    with application() as app:
        record = app.records.show(operator(app), item)
    result(record.to_json(), as_json, "\n".join(_lines(record)))


def correct(
    item: ItemNumber,
    value: Annotated[
        str, typer.Argument(help=f"What the image is: {', '.join(VALUES[:-1])} or {VALUES[-1]}.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it stays on record and is exported.")],
    as_json: AsJson = False,
) -> None:
    """Correct a verdict that is final, or what the policy accepted; evidence stays as it is."""
    with application() as app:
        made = app.records.correct(operator(app), item, value, reason)
    document = {
        "item_id": made.item_id,
        "was": made.was,
        "value": made.value,
        "evidence": list(made.evidence),
    }
    words = f"item {made.item_id} is corrected from {made.was} to {made.value}"
    if made.evidence:
        words += f"; its label goes on to be evidence ({', '.join(made.evidence)})"
    result(document, as_json, words)


def _lines(record: ImageRecord) -> list[str]:
    told = {
        "item": f"{record.item_id} ({record.file.name})",
        "sha256": record.file.sha256,
        "frames": _frames(record),
        "file says": record.file.generator_claim,
        "source": record.file.source,
        "state": f"{record.state} since {record.since:%Y-%m-%d %H:%M} UTC",
        "verdict": record.verdict,
        "corrected": _corrections(record),
        "came with": record.known,
        "evidence": ", ".join(record.evidence),
    }
    if record.blind:
        told["blind"] = "it waits to be judged, so what may sway somebody is not told"
    if record.said:
        score = plus_minus(record.said.p_fake, record.said.std)
        told["detector"] = f"P(fake) {score}. {record.said.text} {record.said.scope_text}".rstrip()
    lines = [f"{name:>10}: {value}" for name, value in told.items() if value]
    members = record.said.members if record.said else ()
    lines += [f"{'member':>10}: {_member(each)}" for each in members]
    lines += [f"{'answer':>10}: {_answer(answer)}" for answer in record.answers]
    for one in record.happenings:
        note = f" ({one.note})" if one.note else ""
        lines.append(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.by}: {one.text}{note}")
    return lines


def _member(said: MemberSaid) -> str:
    score = "no score" if said.p_fake is None else f"P(fake) {said.p_fake:.3f}"
    return f"{said.checkpoint}:{said.head}: {score}, weight {said.weight:.2f}"


def _frames(record: ImageRecord) -> str | None:
    shown = first_of(record.file.n_frames, paged=record.file.paged)
    return shown.render(ENGLISH) if shown else None


def _corrections(record: ImageRecord) -> str:
    return "; ".join(f"to {c.value} by {c.by}: {c.reason}" for c in record.corrections)


def _answer(answer: Answer) -> str:
    said = [answer.value, *answer.marks, answer.comment]
    if answer.escalation:
        said.append(f"asks an admin: {answer.escalation}")
    return f"{answer.by}: {', '.join(word for word in said if word)}"
