"""``desk add|list|rename|close|reopen`` and ``desk member add|remove|list``: queues of their own in
one deployment, and who works at which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.common import ACTOR, AsJson, home_application, result
from review_app.people import HOME, DeskBook, DeskView
from storage.enums import Role
from storage.repositories.desks import Seat

if TYPE_CHECKING:
    from review_app.bootstrap import Application

DeskName = Annotated[str, typer.Argument(help="The desk's name, as addresses have it.")]
AnyDesk = Annotated[
    str, typer.Argument(help=f"The desk's name; {HOME}: the queue that is always there.")
]
Who = Annotated[str, typer.Argument(help="The user's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Queues of their own, in this deployment.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_desks)
    group.command("rename")(rename)
    group.command("close")(close)
    group.command("reopen")(reopen)
    members = typer.Typer(help="Who works at a desk, as what.", no_args_is_help=True)
    members.command("add")(add_member)
    members.command("remove")(remove_member)
    members.command("list")(list_members)
    group.add_typer(members, name="member")
    app.add_typer(group, name="desk")


def add(
    name: DeskName,
    title: Annotated[str, typer.Option(help="What people call it; without, its name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a desk: an empty queue with a policy, certificate and data directory of its own."""
    with home_application() as app:
        view = _desks(app).add(name, title, ACTOR)
        address = f"{app.settings.for_desk(name).address()}/"
    words = f"desk {name} made, at {address}; nobody is a member yet: desk member add {name} NAME"
    result({**_document(view), "address": address}, as_json, words)


def list_desks(as_json: AsJson = False) -> None:
    """List every desk, with how many people work there."""
    with home_application() as app:
        views = _desks(app).all()
    lines = [
        f"{v.name}  {v.title}  {len(v.members)} members{'  closed' if v.is_closed else ''}"
        for v in views
    ]
    document = {"desks": [_document(view) for view in views]}
    result(document, as_json, "\n".join(lines) or "no desks yet")


def rename(
    name: DeskName,
    title: Annotated[str, typer.Argument(help="What people call it from now on.")],
    as_json: AsJson = False,
) -> None:
    """Give a desk another title; its name, which addresses have, stays."""
    with home_application() as app:
        view = _desks(app).rename(name, title, ACTOR)
    result(_document(view), as_json, f"desk {name} is called {view.title!r}")


def close(name: DeskName, as_json: AsJson = False) -> None:
    """Let nobody in at a desk any more. What lies there stays, and commands still work on it."""
    _set_open(name, False, as_json)


def reopen(name: DeskName, as_json: AsJson = False) -> None:
    """Let the members of a closed desk in again."""
    _set_open(name, True, as_json)


def add_member(
    desk: AnyDesk,
    name: Who,
    role: Annotated[Role, typer.Option(help="What they may do there.")] = Role.REVIEWER,
    as_json: AsJson = False,
) -> None:
    """Give somebody a place at a desk, or another role there."""
    with home_application() as app:
        _desks(app).add_member(desk, name, role, ACTOR)
    _tell_member(desk, name, True, as_json)


def remove_member(desk: AnyDesk, name: Who, as_json: AsJson = False) -> None:
    """Take somebody's place at a desk, at once. Their labels stay."""
    with home_application() as app:
        _desks(app).remove_member(desk, name, ACTOR)
    _tell_member(desk, name, False, as_json)


def list_members(desk: DeskName, as_json: AsJson = False) -> None:
    """List who works at a desk."""
    with home_application() as app:
        view = _desks(app).get(desk)
    lines = [f"{s.name}  {s.role}{'  disabled' if s.is_closed else ''}" for s in view.members]
    document = {"desk": desk, "members": [_seat(seat) for seat in view.members]}
    result(document, as_json, "\n".join(lines) or "no members yet")


def _set_open(name: str, is_open: bool, as_json: bool) -> None:
    with home_application() as app:
        view = _desks(app).set_open(name, is_open, ACTOR)
    result(_document(view), as_json, f"desk {name} is {'open' if is_open else 'closed'}")


def _tell_member(desk: str, name: str, is_member: bool, as_json: bool) -> None:
    words = f"{name} {'is' if is_member else 'is not'} a member of {desk} from now on"
    result({"desk": desk, "name": name, "member": is_member}, as_json, words)


def _desks(app: Application) -> DeskBook:
    assert app.desks is not None  # the whole deployment has them
    return app.desks


def _document(view: DeskView) -> dict[str, Any]:
    return {
        "name": view.name,
        "title": view.title,
        "closed": view.is_closed,
        "made_at": view.made_at.isoformat(),
        "members": [_seat(seat) for seat in view.members],
    }


def _seat(seat: Seat) -> dict[str, Any]:
    return {"name": seat.name, "role": seat.role.value, "disabled": seat.is_closed}
