"""``alerts list|add|remove|test|retry``: what needs an admin, and who is told of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from review_app.cli.common import ACTOR, AsJson, application, result
from review_app.cli.subscribing import Number, document, known_language, line
from review_app.i18n import ENGLISH
from review_app.notifications.messages import ALERTS
from review_app.notifications.subscriptions import NewSubscription
from review_app.notifications.watch import OpenAlert
from storage.enums import Channel, DeliveryState, Topic

if TYPE_CHECKING:
    from review_app.bootstrap import Application

PATIENCE = 40.0
"""Seconds that a test may take: longer than any call."""
LOOK = 0.1


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Alarms, and who is told of them.", no_args_is_help=True)
    group.command("list")(list_alerts)
    group.command("add")(add)
    group.command("remove")(remove)
    group.command("test")(send_test)
    group.command("retry")(retry)
    app.add_typer(group, name="alerts")


def list_alerts(as_json: AsJson = False) -> None:
    """List what needs an admin now, who is told, and what could not be told."""
    with application() as app:
        app.alerts.look()
        alerts, told = app.alerts.open(), app.subscriptions.all()
    lines = [f"{one.raised_at:%F %H:%M} UTC  {one.words}" for one in alerts]
    lines = lines or ["nothing needs an admin now"]
    found = {"alerts": [_alert(one) for one in alerts], "told": [document(one) for one in told]}
    result(found, as_json, "\n".join([*lines, *map(line, told)]))


def add(
    address: Annotated[str, typer.Argument(help="A mail address, or that of an incoming webhook.")],
    channel: Annotated[Channel, typer.Option(help="How it is told.")] = Channel.MAIL,
    topic: Annotated[list[Topic] | None, typer.Option(help="Of what; none: of all alarms.")] = None,
    name: Annotated[
        str, typer.Option(help="What it is called; empty: as its address or channel.")
    ] = "",
    language: Annotated[str, typer.Option(help="In which language.")] = ENGLISH,
    as_json: AsJson = False,
) -> None:
    """Have somebody told of alarms from now on."""
    called = name or (address if channel is Channel.MAIL else channel.value)
    topics, read_in = tuple(topic or ALERTS), known_language(language)
    wanted = NewSubscription(called, channel, address, topics, None, read_in)
    with application() as app:
        made = app.subscriptions.add(wanted, ACTOR)
    secret = {} if made.secret is None else {"secret": made.secret}
    result({**document(made.view), **secret}, as_json, made.secret or line(made.view))


def remove(number: Number, as_json: AsJson = False) -> None:
    """Tell somebody no more."""
    with application() as app:
        view = app.subscriptions.remove(number, ACTOR)
    result(document(view), as_json, f"{view.name} is told no more")


def send_test(number: Number, as_json: AsJson = False) -> None:
    """Send a test, and wait for what comes of it."""
    with application() as app:
        state, error = _tested(app, number)
    words = "it arrived" if state is DeliveryState.DELIVERED else f"it did not arrive: {error}"
    result({"state": state, "error": error}, as_json, words)
    if state is not DeliveryState.DELIVERED:
        raise typer.Exit(1)


def retry(
    number: Number,
    delivery: Annotated[list[int] | None, typer.Option(help="Only these; repeatable.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Let them go instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have tried again what was given up: by the server, while it runs."""
    with application() as app:
        act = app.subscriptions.drop if drop else app.subscriptions.retry
        n = act(number, delivery or ())
    result({"count": n}, as_json, f"{n} let go" if drop else f"{n} will be tried again")


def _tested(app: Application, number: int) -> tuple[DeliveryState, str | None]:
    delivery = app.subscriptions.test(number)
    app.deliveries.start()
    until = time.monotonic() + PATIENCE
    while True:
        state, error = app.subscriptions.delivery(delivery)
        if state is not DeliveryState.WAITING or time.monotonic() >= until:
            return state, error
        time.sleep(LOOK)


def _alert(one: OpenAlert) -> dict[str, object]:
    return {
        "id": one.id,
        "topic": one.topic.value,
        "words": one.words,
        "raised_at": one.raised_at.isoformat(),
    }
