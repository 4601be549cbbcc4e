"""The few pages that are ours alone, without Gradio: sign-in, messages, "continue"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from review_app.core.permissions import Person
from review_app.i18n import current_language, names, t
from review_app.inference.heads import head_title
from review_app.inspection.cards import ShownCard
from review_app.people import MAX_PASSWORD, MIN_PASSWORD, OwnSession
from review_app.web.addresses import here
from review_app.web.assets import asset_url
from review_app.web.markup import moment

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset_url"] = asset_url
_templates.globals["t"] = t
_templates.globals["moment"] = moment
_templates.globals["head_title"] = head_title
_templates.globals["here"] = here
_templates.globals["languages"] = names
_templates.globals["language"] = current_language

MAX_TARGET = 2048
"""Most letters of an address to go on to."""
_TITLED = (403, 404, 413, 500)


def sign_in(target: str, status: int = 200, problem: str = "", name: str = "") -> HTMLResponse:
    """The sign-in form; afterwards the person goes on to ``target``, a path of this site; to their
    own start where it is longer than the form takes."""
    if len(target) > MAX_TARGET:
        target = "/"
    return _page("sign_in.html", status, target=target, problem=problem, name=name)


def message(text: str, status: int, signed_in: bool) -> HTMLResponse:
    """A page that says what happened, and where to go from there."""
    title = t(f"signin.status_{status if status in _TITLED else 'other'}")
    return _page("message.html", status, title=title, text=text, signed_in=signed_in)


def link(target: str, owner: Person, present: Person | None) -> HTMLResponse:
    """The question before a one-time link is spent: whom it signs in, and whom it signs out."""
    other = None if present is None or present.id == owner.id else present
    return _page("link.html", 200, target=target, owner=owner, present=other)


def account(
    person: Person,
    sessions: list[OwnSession],
    needs_old: bool,
    seen: str,
    done: str,
    problem: str,
    status: int,
    figures: Sequence[str] = (),
) -> HTMLResponse:
    """The page of one's own account. ``seen``: the password that it was loaded with, as the form
    names it. ``done`` names what has just been done, if anything. ``figures`` say how the person
    answers, a sentence each."""
    return _page(
        "account.html",
        status,
        person=person,
        sessions=sessions,
        needs_old=needs_old,
        seen=seen,
        done=done,
        problem=problem,
        least=MIN_PASSWORD,
        most=MAX_PASSWORD,
        figures=figures,
    )


def card(shown: ShownCard, **parts: object) -> HTMLResponse:
    """The page of a checkpoint's card; ``parts`` are its addresses, and what `card_view` makes of
    it."""
    return _page("card.html", 200, shown=shown, **parts)


def go_on(target: str) -> HTMLResponse:
    """A page that leads on to ``target`` by itself.

    A browser holds a ``SameSite=Strict`` cookie back while it follows a link from another site,
    redirects included. From here on it is our own page that asks, so the cookie comes along.
    """
    return _page("go_on.html", 200, target=target)


def fragment(template: str, **values: object) -> Markup:
    """A part of a page that Gradio renders."""
    return Markup(_templates.get_template(template).render(values))  # noqa: S704 - it escapes


def _page(template: str, status: int, **values: object) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(template).render(values), status)
