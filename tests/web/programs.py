"""The kinds of programs that may knock, and what is wrong with the answers that they get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

import httpx
from sqlalchemy import update

from review_app.core.permissions import TokenScope
from storage.enums import Role
from storage.models import ApiToken
from storage.types import utc_now
from tests.web.matrix import Case
from tests.web.serving import TRUST
from tests.web.world import Seen, Who, World


class Caller(StrEnum):
    """Those who call with a token."""

    ADMINS = "a token of an admin's, of every scope"
    REVIEWERS = "a token of a reviewer's"
    WITHOUT_SCOPE = "a token of an admin's, of every scope but this"
    EXPIRED = "an expired token"
    REVOKED = "a revoked token"
    CLOSED = "a token of an account that was closed"


STRANGERS = frozenset({Caller.EXPIRED, Caller.REVOKED, Caller.CLOSED})


def faults_of_program(world: World, case: Case, caller: Caller) -> Iterator[str]:
    """What is wrong with the answer that the program gets."""
    ask = case.make(world)
    headers = {"authorization": f"Bearer {_secret(world, case, caller)}"}
    url = world.server.url
    with httpx.Client(base_url=url, headers=headers, timeout=60, verify=TRUST) as client:
        answer = client.request(ask.method, ask.path, **ask.more)
    where = f"{ask} for {caller}: {answer.status_code}"
    if _may(case, caller):
        if not case.reached(Seen(answer.status_code, answer.text)):
            yield f"{where}, not let in: {answer.text[:200]}"
        return
    expected = (401,) if caller in STRANGERS else (403, 404)
    if answer.status_code not in expected:
        yield f"{where}, let in: {answer.text[:200]}"
    told = [what for what, text in world.hidden.items() if text in answer.text]
    yield from (f"{where}, tells {what}" for what in told)


def _may(case: Case, caller: Caller) -> bool:
    if caller is Caller.ADMINS:
        return Who.ADMIN in case.may
    return caller is Caller.REVIEWERS and Who.REVIEWER in case.may


def _secret(world: World, case: Case, caller: Caller) -> str:
    """The token that the program brings."""
    app, owner = world.site.app, world.people[Who.ADMIN].name
    scopes = set(TokenScope)
    if caller is Caller.REVIEWERS:
        owner, scopes = world.people[Who.REVIEWER].name, {TokenScope.LABELS_WRITE}
    elif caller is Caller.WITHOUT_SCOPE:
        assert case.scope is not None
        scopes -= {case.scope}
    elif caller is Caller.CLOSED:
        owner = world.site.account(Role.ADMIN)
    made = app.tokens.make(owner, caller, scopes, 1, "test")
    if caller is Caller.REVOKED:
        app.tokens.revoke(made.view.id, "test")
    elif caller is Caller.CLOSED:
        app.people.set_enabled(owner, False, "test")
    elif caller is Caller.EXPIRED:
        with app.database.write() as repos:
            over = update(ApiToken).where(ApiToken.id == made.view.id)
            repos.session.execute(over.values(expires_at=utc_now() - timedelta(seconds=1)))
    return made.secret
