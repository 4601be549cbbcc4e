"""``images find|act|undo|actions``: images by the filters of the page, and what is done to many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.bulk.order import USUAL_HOURS, BulkOrder, ImageSelection, kind_of
from review_app.bulk.service import BulkPreview, BulkStanding
from review_app.cli.common import AsJson, application, progress_bar, result
from review_app.cli.operator import operator
from review_app.core.errors import InputError
from review_app.i18n import ENGLISH, t, use_language
from review_app.i18n.formatting import count
from review_app.records.filters import FILTERS, search_of
from review_app.records.search import Line
from storage.models import BulkAction
from storage.repositories.bulk_bars import UNDOABLE

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help=f"Of those that fit, repeatable; as in the page's addresses: {', '.join(FILTERS)}.",
    ),
]
Zone = Annotated[str, typer.Option(help="The time zone that days are of, as in Europe/Berlin.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell how many images it changes; change none.")
]
Action = Annotated[int, typer.Argument(min=1, metavar="ACTION", help="The action's number.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Find images; do something to many.", no_args_is_help=True)
    group.command("find")(find)
    group.command("act")(act)
    group.command("undo")(undo)
    group.command("actions")(actions)
    app.add_typer(group, name="images")


def find(
    filters: Filters = None,
    zone: Zone = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the images that fit, newest first, and how many there are."""
    search = search_of(_given(filters), zone)
    with application() as app:
        person = operator(app)
        fit = app.records.count(person, search)
        lines: list[Line] = []
        below = None
        while len(lines) < most:
            found = app.records.find(person, search, below)
            lines += found.lines
            if found.older is None:
                break
            below = found.older
    shown = [
        {"image_id": line.item_id, "name": line.name, "source": line.source, "state": line.state}
        for line in lines[:most]
    ]
    document = {"fit": fit.n, "fit_is_all": fit.is_all, "images": shown}
    words = [f"{one['image_id']:>8}  {one['state']:<13} {one['name']}" for one in shown]
    sentence = count(fit.n, "image")
    words.append(f"{sentence} fit" if fit.is_all else f"at least {sentence} fit")
    result(document, as_json, "\n".join(words))


def act(
    what: Annotated[str, typer.Argument(help="What to do: requeue, prioritise, assign, ...")],
    filters: Filters = None,
    zone: Zone = "",
    image: Annotated[
        list[int] | None, typer.Option(min=1, help="This image, whatever the filters; repeatable.")
    ] = None,
    to: Annotated[str, typer.Option(help="Whom to assign to.")] = "",
    hours: Annotated[
        float, typer.Option(help="For how long to assign, or to keep files that go.")
    ] = USUAL_HOURS,
    tag: Annotated[str, typer.Option(help="The tag to put on or take off.")] = "",
    reason: Annotated[str, typer.Option(help="Why files are deleted; it stays on record.")] = "",
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Do something to all images that fit, in the name of the oldest admin."""
    picked = tuple(image) if image else None
    if picked is None and not filters:
        raise InputError("say which images: --filter NAME=VALUE, or --image NUMBER")
    selection = ImageSelection(filters=_given(filters), zone=zone, picked=picked)
    order = BulkOrder(kind_of(what), selection, to, hours, tag, reason)
    with application() as app:
        person = operator(app)
        told = app.bulk.preview(person, order)
        words = f"{what}: {_said(told)}"
        if dry_run or not told.images:
            result(_previewed(told), as_json, words)
            return
        if not yes and not typer.confirm(f"{words}. Go on?", err=True):
            raise typer.Exit(1)
        action = app.bulk.ask(person, order, below=told.below, in_background=False)
        done = _do(app, action)
    result({**_previewed(told), **done}, as_json, _outcome(action, done))


def undo(action: Action, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take back what an action did, of the images that nobody has had or moved since."""
    with application() as app:
        person = operator(app)
        told = app.bulk.preview_undo(person, action)
        if dry_run or not told.images:
            result(_previewed(told), as_json, f"undo of action {action}: {_said(told)}")
            return
        undoing = app.bulk.undo(person, action, in_background=False)
        done = _do(app, undoing)
    result({**_previewed(told), **done}, as_json, _outcome(undoing, done))


def actions(
    most: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was done to many images, newest first."""
    with application() as app:
        found = app.bulk.newest(operator(app), most)
    rows = [_document(one) for one in found]
    words = [f"{row['id']:>5}  {row['kind']:<10} {row['images']:>9,}  {row['by']}" for row in rows]
    result({"actions": rows}, as_json, "\n".join(words) or "no actions yet")


def _do(app: Application, action: BulkAction) -> dict[str, Any]:
    with progress_bar("images") as bar:
        return app.bulk.run(action.id, bar)


def _given(filters: list[str] | None) -> dict[str, str]:
    found = {}
    for each in filters or ():
        name, equals, value = each.partition("=")
        if not equals or name not in FILTERS:
            raise InputError(f"--filter {each}: write NAME=VALUE, with one of {', '.join(FILTERS)}")
        found[name] = value
    return found


def _previewed(told: BulkPreview) -> dict[str, Any]:
    left = {bar.value: n for bar, n in told.left_out.items()}
    return {"would_change": told.images, "left_out": left, "is_all": told.is_all}


def _said(told: BulkPreview) -> str:
    with use_language(ENGLISH):
        left = [f"{n:,} {t(f'bulk.left_{bar}')}" for bar, n in told.left_out.items()]
    words = ("" if told.is_all else "at least ") + count(told.images, "image")
    return f"{words}; left out: {'; '.join(left)}" if left else words


def _outcome(action: BulkAction, done: dict[str, Any]) -> str:
    words = f"action {action.id}: {count(done['images'], 'image')} changed"
    if action.kind in UNDOABLE:
        words += f"; to take it back: deepfake-review images undo {action.id}"
    return words


def _document(one: BulkStanding) -> dict[str, Any]:
    action = one.action
    return {
        "id": action.id,
        "kind": action.kind.value,
        "undoes": action.undoes_id,
        "images": action.touched,
        "by": action.asked_by,
        "asked_at": action.asked_at.isoformat(),
        "ended_at": action.ended_at.isoformat() if action.ended_at else None,
        "undone": one.is_undone,
        "selection": action.selection,
        "details": action.details,
    }
