"""The panel of other queues on the People tab."""

from __future__ import annotations

from typing import Any

import pytest

from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.people import HOME
from review_app.web.admin.people import PeopleTab
from review_app.web.admin.people_desks import DesksPanel
from review_app.web.handlers import Call
from storage.enums import Role
from tests.web.handling import admin_of
from tests.web.site import Site

REVIEWER = Role.REVIEWER.value


@pytest.fixture(scope="module")
def panel(site: Site, call: Call) -> DesksPanel:
    assert site.app.desks is not None
    panel = DesksPanel(site.app, site.app.desks)
    panel.add(call, " press ", "Press <photos>")
    return panel


def yes(question: Any) -> Any:
    """What the page sends along with "yes"."""
    return question.about.model_dump(mode="json")


def test_a_queue_is_made_renamed_closed_and_opened_again(panel: DesksPanel, call: Call) -> None:
    message, every, places, own, *_ = panel.add(call, "court", "")
    assert "court is made" in message
    assert "Press &lt;photos&gt;" in every
    assert 'href="/desks/press/"' in every
    assert (places["choices"][0][1], own["choices"][-1]) == (HOME, ("court", "court"))
    assert "called Court now" in panel.rename(call, "court", "Court")[0]
    asked = panel.ask_switch(call, "court")
    assert "Close Court? 0 members" in asked.text
    assert "Court is closed" in panel.switch(call, yes(asked))[0]
    assert "closed already" in panel.switch(call, yes(asked))[0], "somebody was quicker"
    assert "is open again" in panel.switch(call, yes(panel.ask_switch(call, "court")))[0]


def test_a_place_is_given_and_taken(site: Site, panel: DesksPanel, call: Call) -> None:
    name = site.account()
    message, every, *_ = panel.give(call, "press", name, REVIEWER)
    assert f"{name} has a place in: Press &lt;photos&gt;" in message
    assert f"{name} (reviewer)" in every
    with pytest.raises(ConflictError):
        panel.give(call, "press", name, REVIEWER)
    asked = panel.ask_take(call, "press", name)
    assert f"Take the place of {name} in Press" in asked.text
    assert "has no place any more" in panel.take(call, yes(asked))[0]
    assert "has no place there" in panel.take(call, yes(asked))[0], "somebody was quicker"


def test_a_role_that_another_admin_gave_meanwhile_is_not_overwritten(
    site: Site, panel: DesksPanel, call: Call
) -> None:
    name, other = site.account(), admin_of(site)
    *_, before = panel.load(call)
    *_, after = panel.give(other, "press", name, Role.ADMIN.value, before)
    told, every, *_ = panel.give(call, "press", name, REVIEWER, before)
    assert f"was made admin since by {other.person.name}" in told
    assert f"{name} (admin)" in every
    assert f"{name} (reviewer)" in panel.give(call, "press", name, REVIEWER, after)[1]


def test_a_title_that_another_admin_gave_meanwhile_is_not_overwritten(
    site: Site, panel: DesksPanel, call: Call
) -> None:
    panel.add(call, "archive", "Archive")
    *_, before = panel.load(call)
    panel.rename(admin_of(site), "archive", "Old photos", before)
    told, every, *_, after, typed = panel.rename(call, "archive", "Vault", before)
    assert "called “Old photos” since" in told
    assert "Old photos" in every
    assert typed == "Vault"
    assert "called Vault now" in panel.rename(call, "archive", "Vault", after)[0]


def test_somebody_is_sent_to_work_at_other_queues_alone(
    site: Site, panel: DesksPanel, call: Call
) -> None:
    name = site.account()
    panel.take(call, yes(panel.ask_take(call, HOME, name)))
    table, _ = PeopleTab(site.app).load(call)
    assert "in other queues only" in table
    assert "has a place in: Main queue" in panel.give(call, HOME, name, REVIEWER)[0]


def test_what_nobody_chose_is_asked_for(panel: DesksPanel, call: Call) -> None:
    for desk, who, role in ((None, "ada", REVIEWER), ("press", None, REVIEWER), ("press", "a", "")):
        with pytest.raises(InputError):
            panel.give(call, desk, who, role)
    with pytest.raises(InputError, match="choose a queue"):
        panel.ask_switch(call, None)
    with pytest.raises(InputError, match="small letters"):
        panel.add(call, "../x", "")
    with pytest.raises(NotFoundError):
        panel.ask_switch(call, "nosuch")
