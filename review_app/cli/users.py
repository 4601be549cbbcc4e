"""``user ...``: accounts, as an operator keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from review_app.cli.common import ACTOR, AsJson, home_application, result
from review_app.people import Account
from storage.enums import Role

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Name = Annotated[str, typer.Argument(help="The user's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="People who may sign in.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_users)
    group.command("role")(change_role)
    group.command("disable")(disable)
    group.command("enable")(enable)
    group.command("link")(make_link)
    group.command("reset")(reset)
    group.command("sign-out")(sign_out)
    app.add_typer(group, name="user")


def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.REVIEWER,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for a password; without, they sign in by link."),
    ] = False,
    away: Annotated[
        bool,
        typer.Option(
            "--away", help="They work at desks alone, and have no place in the home queue."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user, and print a one-time sign-in link."""
    secret = None
    if password:
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with home_application() as app:
        account = app.people.add(name, role, ACTOR, secret, is_away=away)
        link = _link(app, name)
    words = f"{account.name} ({account.role}) added; one-time sign-in: {link}"
    result({**_document(account), "link": link}, as_json, words)


def list_users(as_json: AsJson = False) -> None:
    """List every user."""
    with home_application() as app:
        accounts = app.people.all()
    lines = [
        f"{a.name}  {a.role}  {a.pseudonym}"
        f"{'  away' if a.is_away else ''}{'  disabled' if a.disabled else ''}"
        for a in accounts
    ]
    result({"users": [_document(a) for a in accounts]}, as_json, "\n".join(lines) or "no users yet")


def change_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="What they may do from now on.")],
    as_json: AsJson = False,
) -> None:
    """Give a user another role. What they hold goes back to the queue."""
    with home_application() as app:
        changed = app.people.set_role(name, role, ACTOR)
    words = f"{name} is {role} {'now' if changed else 'already'}"
    result({"name": name, "role": role.value, "changed": changed}, as_json, words)


def disable(name: Name, as_json: AsJson = False) -> None:
    """Close an account and end its sessions. Their labels stay."""
    _set_enabled(name, False, as_json)


def enable(name: Name, as_json: AsJson = False) -> None:
    """Open a closed account again."""
    _set_enabled(name, True, as_json)


def make_link(name: Name, as_json: AsJson = False) -> None:
    """Print a new one-time sign-in link."""
    with home_application() as app:
        link = _link(app, name)
    result({"name": name, "link": link}, as_json, link)


def reset(name: Name, as_json: AsJson = False) -> None:
    """Take a user's password away, sign them out everywhere, and print a one-time link."""
    with home_application() as app:
        token = app.people.reset_sign_in(name, ACTOR)
        link = _address(app, token)
    result({"name": name, "link": link}, as_json, link)


def sign_out(name: Name, as_json: AsJson = False) -> None:
    """End a user's sessions and sign-in links. Their password stays."""
    with home_application() as app:
        n = app.people.sign_out_everywhere(name, ACTOR)
    result({"name": name, "sessions_ended": n}, as_json, f"{name}: {n} sessions ended")


def _set_enabled(name: str, enabled: bool, as_json: bool) -> None:
    with home_application() as app:
        app.people.set_enabled(name, enabled, ACTOR)
    words = f"{name} is {'enabled' if enabled else 'disabled'}"
    result({"name": name, "disabled": not enabled}, as_json, words)


def _link(app: Application, name: str) -> str:
    return _address(app, app.people.make_link(name, ACTOR))


def _address(app: Application, token: str) -> str:
    return f"{app.settings.address()}/login/link/{token}"


def _document(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "role": account.role.value,
        "pseudonym": account.pseudonym,
        "disabled": account.disabled,
        "away": account.is_away,
    }
