"""The People tab on a real application."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from review_app.core.errors import ConflictError, InputError, LimitError, ReviewAppError
from review_app.i18n import use_language
from review_app.review.tasks import AnswerInput
from review_app.web.admin.people import PeopleTab
from review_app.web.admin.people_changes import AccountChanges
from review_app.web.admin.people_figures import FiguresPanel
from review_app.web.admin.people_taking import TakingPanel
from review_app.web.admin.people_tokens import TokensPanel
from review_app.web.handlers import Call
from storage.enums import LabelValue, Role
from tests.languages import GERMAN
from tests.web.handling import admin_of
from tests.web.site import ADDRESS, PASSWORD, Site


def test_adding_a_person_gives_a_link_that_signs_in_once(site: Site, call: Call) -> None:
    message, link, *_ = PeopleTab(site.app).add(call, "new-person", Role.REVIEWER.value)
    assert "new-person is added as reviewer" in message
    path = re.search(rf'value="{ADDRESS}(/login/link/[^"]+)"', link)
    assert path is not None
    assert signs_in(site.anybody(), path.group(1))
    assert not signs_in(site.anybody(), path.group(1))


def signs_in(client: TestClient, link: str) -> bool:
    client.post(link)
    return client.get("/api/v1/me").status_code == 200


def changes_of(site: Site) -> AccountChanges:
    return AccountChanges(site.app, PeopleTab(site.app).load)


def test_disabling_a_person_ends_their_session_and_enabling_lets_them_back(
    site: Site, call: Call
) -> None:
    tab, name = changes_of(site), site.account()
    token = site.token(name)
    asked = tab.ask_switch(call, name)
    assert f"Disable {name}?" in asked.text
    assert "disabled" in tab.change(call, asked.about.model_dump())[0]
    assert site.app.people.person(token) is None
    asked = tab.ask_switch(call, name)
    assert f"Enable {name}?" in asked.text
    assert "enabled" in tab.change(call, asked.about.model_dump())[0]
    assert "A new link" in tab.new_link(call, name)[0]


@pytest.mark.parametrize("role", Role)
def test_whoever_somebody_is_they_can_be_signed_out_reset_and_made_another(
    site: Site, call: Call, role: Role
) -> None:
    tab, name, other = changes_of(site), site.account(role, PASSWORD), Role.REVIEWER
    token = site.token(name)
    asked = tab.ask_sign_out(call, name)
    assert "1 session has ended" in tab.change(call, asked.about.model_dump())[0]
    assert site.app.people.person(token) is None
    message, link, *_ = tab.change(call, tab.ask_reset(call, name).about.model_dump())
    assert "by the link below alone" in message
    assert f'value="{ADDRESS}/login/link/' in link
    if role is other:
        with pytest.raises(ConflictError, match="that role already"):
            tab.ask_role(call, name, other)
        other = Role.LEAD
    asked = tab.ask_role(call, name, other)
    assert f"Give {name} the role {other} instead of {role}?" in asked.text
    message, _, accounts, _ = tab.change(call, asked.about.model_dump())
    assert f"{name} has the role {other} now" in message
    assert f"<td>{name}</td><td>{other}</td>" in accounts
    assert f"was made {other} since" in tab.change(call, asked.about.model_dump())[0]


@pytest.mark.parametrize("name", [None, "", "nobody-of-that-name"])
def test_a_change_needs_a_person_that_exists(site: Site, call: Call, name: str | None) -> None:
    with pytest.raises(ReviewAppError):
        changes_of(site).ask_switch(call, name)


def test_accounts_and_links_are_told_in_the_language_of_whoever_asks(
    site: Site, call: Call
) -> None:
    tab, name = PeopleTab(site.app), site.account()
    with use_language(GERMAN):
        accounts, _ = tab.load(call)
        assert f"<td>{name}</td><td>Prüfung</td><td>offen</td>" in accounts
        assert f"Konto {name} sperren?" in changes_of(site).ask_switch(call, name).text
        message, link = changes_of(site).new_link(call, name)
        assert f"ein neuer Link für {name}" in message
        minutes = site.app.settings.link_minutes
        assert f"gilt einmal, innerhalb von {minutes:g} Minuten" in link
        with pytest.raises(ConflictError) as refused:
            tab.add(call, name, Role.ADMIN.value)
    assert refused.value.render(GERMAN).startswith(f"ein Konto {name!r} gibt es schon")
    assert str(refused.value).startswith(f"there is a user {name!r} already")


def test_a_token_shows_once_works_and_is_revoked(site: Site, call: Call) -> None:
    panel, owner = TokensPanel(site.app), site.account(Role.ADMIN)
    message, once, tokens, choices, owners, _ = panel.make(call, owner, "ci", 30, ["stats"])
    assert f"ci for {owner}" in message
    secret = re.search(r'value="(dfr_[^"]+)"', once)
    assert secret is not None
    assert secret[1] not in tokens + panel.load(call)[0]
    assert owner in owners["choices"]
    assert site.app.tokens.person(secret[1]) is not None
    ((words, number),) = choices["choices"]
    assert owner in words
    asked = panel.ask_revoke(call, number)
    assert f"Revoke the token ci of {owner}?" in asked.text
    assert "is revoked" in panel.revoke(call, asked.about.model_dump())[0]
    assert site.app.tokens.person(secret[1]) is None
    again, table, *_ = panel.revoke(call, asked.about.model_dump())
    assert "was revoked already" in again
    assert "revoked" in table


@pytest.mark.parametrize(
    ("owner", "days", "scopes"),
    [
        (None, 1, ["stats"]),
        ("root", 1, ["everything"]),
        ("root", None, ["stats"]),
        ("root", 1, None),
    ],
)
def test_half_a_form_makes_no_token(
    site: Site, call: Call, owner: str | None, days: int | None, scopes: list[str] | None
) -> None:
    panel, n = TokensPanel(site.app), len(site.app.tokens.all())
    with pytest.raises(InputError):
        panel.make(call, owner, "ci", days, scopes)
    with pytest.raises(InputError):
        panel.ask_revoke(call, None)
    assert len(site.app.tokens.all()) == n


def test_a_role_that_does_not_exist_is_refused(site: Site, call: Call) -> None:
    with pytest.raises(InputError, match="role"):
        PeopleTab(site.app).add(call, "somebody", "emperor")
    with pytest.raises(InputError, match="role"):
        changes_of(site).ask_role(call, site.account(), "emperor")


def test_accounts_that_look_alike_are_refused_and_those_of_before_are_told(fresh: Site) -> None:
    call, tab = admin_of(fresh), PeopleTab(fresh.app)
    assert "easily taken" not in tab.load(call)[0]
    tab.add(call, "Ada", Role.REVIEWER.value)
    with pytest.raises(ConflictError, match="easily taken for 'Ada'"):
        tab.add(call, "ada", Role.REVIEWER.value)
    fresh.factory.person("ad\u0430")
    assert "Ada and ad\u0430 are easily taken for one another." in tab.load(call)[0]


def test_how_people_answer_is_told_with_intervals_and_names_are_escaped(
    fresh: Site,
) -> None:
    call = admin_of(fresh)
    assert "Nobody has answered" in FiguresPanel(fresh.app).load(call)[0]
    person = fresh.factory.person("<b>ada")
    for value in (LabelValue.FAKE, LabelValue.REAL):
        fresh.factory.label(person, fresh.factory.item(known=LabelValue.FAKE), value)
    page, _ = FiguresPanel(fresh.app).load(call)
    assert "1 of 2: 50% (1.3% to 98.7%)" in page
    assert "&lt;b&gt;ada" in page
    assert "none yet" in page


def test_who_looks_through_the_queue_is_told(site: Site, call: Call) -> None:
    kept = site.factory.person("Bea")
    crawler = site.factory.person("Carl <b>")
    site.factory.review_options(skips_per_minute=2)
    site.items(6)
    (task,) = site.app.review.take(kept)
    said = {"client_id": "taking-00001", "item_id": task.item_id, "value": "real"}
    site.app.review.label(kept, AnswerInput.model_validate(said))
    for _ in range(2):
        (task,) = site.app.review.take(crawler)
        site.app.review.skip(crawler, task.item_id)
    (task,) = site.app.review.take(crawler)
    for _ in range(3):
        with pytest.raises(LimitError):
            site.app.review.skip(crawler, task.item_id)
    site.app.review.release(crawler)
    told = str(TakingPanel(site.app).load(call))
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in told.split("<tr>")]
    assert ["Bea", "1", "0", "0", "0"] in rows
    assert ["Carl &lt;b&gt;", "0", "2", "1", "1"] in rows
    site.factory.review_options(skips_per_minute=30)
