"""``compare``, ``replay``, ``promote`` and ``rollback``: another detector beside the one in force;
``checkpoint lineage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.adoption import named
from review_app.cli.common import AsJson, application, progress_bar, result
from review_app.cli.operator import operator
from review_app.core.serialization import to_document
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.policy.policy_text import describe
from storage.repositories.held_out import HeadOf

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Challenger = Annotated[
    str,
    typer.Argument(
        help="external:NAME or fused:NAME, a checkpoint folder or its name in the list."
    ),
]
Note = Annotated[str, typer.Option(help="The reason, which is kept and shown.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for command in (compare, replay, promote, rollback):
        app.command()(command)


def compare(challenger: Challenger, as_json: AsJson = False) -> None:
    """Hold a challenger against the detector in force: on labels that made neither, and on the
    stored queue. What it says is a recommendation. Each comparison makes its next try dearer."""
    from review_app.learning.words import (
        advice_words,
        difference_words,
        labels_words,
        part_name,
        replay_words,
    )

    with application() as app, progress_bar("Comparing") as progress:
        report = app.challenges.compare(_head(app, challenger), operator(app).name, progress)
    lines = [
        advice_words(report),
        labels_words(report),
        *(
            f"  {part_name(part.by, part.name)}: {difference_words(part)}"
            for part in (report.overall, *report.parts)
        ),
        *replay_words(report.replay),
    ]
    result(report.to_json(), as_json, "\n".join(lines))


def replay(challenger: Challenger, as_json: AsJson = False) -> None:
    """Tell which past automatic decisions a challenger would turn round, what would go to people,
    and how many hours that is. No label is looked at, and nothing is spent."""
    from review_app.learning.words import replay_words

    with application() as app, progress_bar("Replaying") as progress:
        found = app.challenges.replay(_head(app, challenger), progress)
    result(to_document(found), as_json, "\n".join(replay_words(found)))


def promote(challenger: Challenger, note: Note = "", as_json: AsJson = False) -> None:
    """Put a challenger in force that was compared with the detector in force. Auto-accept closes
    until it is certified."""
    with application() as app:
        person, now = operator(app), app.policies.current()
        found = _head(app, challenger).checkpoint_id
        policy = app.promotions.promote(person, found, note, now.version)
        app.triage.keep_order()
    result(policy.to_json(), as_json, f"{found} is in force. {describe(policy)}")


def rollback(note: Note = "", as_json: AsJson = False) -> None:
    """Put the detector before the one in force in force again. It starts closed, whatever was
    proven of it; certify it to open auto-accept."""
    with application() as app:
        person, now = operator(app), app.policies.current()
        former = app.promotions.former()
        policy = app.promotions.roll_back(person, note, now.version)
        app.triage.keep_order()
    assert former is not None  # or rolling back was refused
    words = f"{policy.checkpoint} is in force. {describe(policy)}"
    if former.was_certified:
        words += (
            f"\nIts old certificate, of policy version {former.policy.version}, counts no more. It "
            f"said: {former.text}\nIts next try would be number {former.attempt}."
        )
    result(policy.to_json(), as_json, words)


def lineage(as_json: AsJson = False) -> None:
    """Every detector that is known here: parent, data, figures, and what became of it."""
    with application() as app:
        homes = (DEFAULT_CHECKPOINT.parent, app.settings.data_dir / "checkpoints")
        found = [entry.to_json() for entry in app.challenges.lineage(homes)]
    result({"detectors": found}, as_json, "\n".join(map(_words, found)))


def _head(app: Application, name: str) -> HeadOf:
    return HeadOf(*named(app, name))


def _words(entry: dict[str, Any]) -> str:
    made = f"made {entry['created_at'][:16]}"
    facts = {
        "parent": entry["parent"],
        "data": entry["data"],
        "data hash": entry["data_hash"],
        "AUROC": None if entry["auroc"] is None else f"{entry['auroc']:.3f}",
        "damaged": entry["damage"],
    }
    told = [f"{name} {value}" for name, value in facts.items() if value is not None]
    uses = [
        f"  version {use['version']}, {use['at'][:16]}, by {use['by'] or 'the system'}: "
        f"{use['note']}"
        for use in entry["in_force"]
    ]
    return "\n".join([f"{entry['id']} ({entry['standing']}): {'; '.join([made, *told])}", *uses])
