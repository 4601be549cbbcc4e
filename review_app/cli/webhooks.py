"""``webhook add|list|remove|replay|rotate|pause|resume``: programs that are told of decisions."""

from __future__ import annotations

from typing import Annotated

import typer

from review_app.cli.common import ACTOR, AsJson, application, result
from review_app.cli.subscribing import Number, document, line
from review_app.notifications.messages import ITEMS
from review_app.notifications.subscriptions import MAX_OVERLAP, USUAL_OVERLAP, NewSubscription
from storage.enums import Channel, Topic


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Programs that are told of decisions.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_webhooks)
    group.command("remove")(remove)
    for command in (replay, rotate, pause, resume):
        group.command()(command)
    app.add_typer(group, name="webhook")


def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    address: Annotated[str, typer.Argument(help="Address that is called: https.")],
    topic: Annotated[
        list[Topic] | None, typer.Option(help="Of what; none: of all that happens to images.")
    ] = None,
    added_by: Annotated[
        str | None, typer.Option(help="Only of images that this account added; else of all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have a program told from now on, and print the secret that it is signed with this once."""
    topics = tuple(topic or ITEMS)
    with application() as app:
        wanted = NewSubscription(name, Channel.WEBHOOK, address, topics, added_by)
        made = app.subscriptions.add(wanted, ACTOR)
    result({**document(made.view), "secret": made.secret}, as_json, made.secret or "")


def list_webhooks(as_json: AsJson = False) -> None:
    """List every webhook, never with its secret."""
    with application() as app:
        views = [one for one in app.subscriptions.all() if one.channel is Channel.WEBHOOK]
    found = {"webhooks": [document(view) for view in views]}
    result(found, as_json, "\n".join(map(line, views)) or "no webhooks yet")


def remove(number: Number, as_json: AsJson = False) -> None:
    """End a webhook; what waits is let go."""
    with application() as app:
        view = app.subscriptions.remove(number, ACTOR)
    result(document(view), as_json, f"{view.name} is told no more")


def replay(
    number: Number,
    after: Annotated[int, typer.Option(help="The event behind which everything is told.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Have events told again, by the server, while it runs."""
    with application() as app:
        n = app.subscriptions.replay(number, after)
    result({"count": n}, as_json, f"{n} events will be told again")


def rotate(
    number: Number,
    overlap_hours: Annotated[
        float,
        typer.Option(min=0, max=MAX_OVERLAP, help="For how long the former secret signs, too."),
    ] = USUAL_OVERLAP,
    as_json: AsJson = False,
) -> None:
    """Have a webhook sign with another secret, and print that this once."""
    with application() as app:
        made = app.subscriptions.rotate(number, ACTOR, overlap_hours)
    result({**document(made.view), "secret": made.secret}, as_json, made.secret or "")


def pause(number: Number, as_json: AsJson = False) -> None:
    """Tell a webhook, or whoever has this number, nothing until that is resumed; what happens
    waits."""
    with application() as app:
        view = app.subscriptions.pause(number, ACTOR)
    result(document(view), as_json, f"{view.name} is paused")


def resume(number: Number, as_json: AsJson = False) -> None:
    """Tell what has waited, by the server, and go on."""
    with application() as app:
        view = app.subscriptions.resume(number, ACTOR)
    result(document(view), as_json, f"{view.name} is told again")
