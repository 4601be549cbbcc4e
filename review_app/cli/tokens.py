"""``token make|list|revoke``: the tokens that programs call the API with."""

from __future__ import annotations

from typing import Annotated

import typer

from review_app.cli.common import ACTOR, AsJson, application, result
from review_app.core.permissions import TokenScope
from review_app.people import TokenView

DAYS = 90


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Tokens that programs call the API with.", no_args_is_help=True)
    group.command("make")(make)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def make(
    owner: Annotated[str, typer.Argument(help="The user whom it acts for.")],
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[TokenScope], typer.Option(help="What it may do; repeatable.")],
    days: Annotated[float, typer.Option(help="For how long.")] = DAYS,
    as_json: AsJson = False,
) -> None:
    """Make a token, and print it this once: the database keeps only its hash."""
    with application() as app:
        made = app.tokens.make(owner, name, scope, days, ACTOR)
    result({**_document(made.view), "token": made.secret}, as_json, made.secret)


def list_tokens(as_json: AsJson = False) -> None:
    """List every token, never with its secret."""
    with application() as app:
        views = app.tokens.all()
    lines = [
        f"{v.id}  {v.name}  {v.owner}  {','.join(v.scopes)}  {v.state} until {v.expires_at:%F}"
        for v in views
    ]
    document = {"tokens": [_document(view) for view in views]}
    result(document, as_json, "\n".join(lines) or "no tokens yet")


def revoke(
    token: Annotated[int, typer.Argument(help="Its number, as token list tells it.")],
    as_json: AsJson = False,
) -> None:
    """End a token at once."""
    with application() as app:
        view = app.tokens.revoke(token, ACTOR)
    result(_document(view), as_json, f"token {view.id} ({view.name}) is revoked")


def _document(view: TokenView) -> dict[str, object]:
    return {
        "id": view.id,
        "name": view.name,
        "owner": view.owner,
        "scopes": [scope.value for scope in view.scopes],
        "state": view.state.value,
        "expires_at": view.expires_at.isoformat(),
        "used_at": None if view.used_at is None else view.used_at.isoformat(),
    }
