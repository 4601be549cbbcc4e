"""Forms that two admins have open at once: neither overwrites what the other has saved."""

from __future__ import annotations

from typing import Any

import pytest

from review_app.core.errors import InputError
from review_app.i18n import use_language
from review_app.policy.review_options import ReviewOptions, read_options
from review_app.queueing.options import QueueOptions, read_queue_options
from review_app.queueing.order import Order
from review_app.web.admin.rules_limits import LimitsPanel
from review_app.web.admin.rules_order import OrderPanel
from review_app.web.admin.rules_review import ReviewPanel
from review_app.web.handlers import Call
from storage.enums import AuditKind, Role
from tests.languages import GERMAN
from tests.web.handling import call_of
from tests.web.site import Site


class Form:
    """A panel's form as it stands in somebody's browser."""

    def __init__(self, panel: Any, call: Call) -> None:
        self._panel, self._call = panel, call
        _, *self.values, self.seen = panel.load(call)

    def save(self, **at: Any) -> str:
        """Fill in the fields at these places, ``_1`` the second, and save; the answer."""
        for place, value in at.items():
            self.values[int(place[1:])] = value
        message, *self.values, self.seen = self._panel.save(self._call, self.seen, *self.values)
        return str(message)


def options(site: Site) -> ReviewOptions:
    with site.app.database.read() as repos:
        return read_options(repos)


def queue(site: Site) -> QueueOptions:
    with site.app.database.read() as repos:
        return read_queue_options(repos)


def test_saving_one_field_leaves_what_another_admin_has_saved_in_the_others(
    fresh: Site, ada: Call, bo: Call
) -> None:
    one, other = Form(ReviewPanel(fresh.app), ada), Form(ReviewPanel(fresh.app), bo)
    assert "Saved" in other.save(_3=30)  # minutes in which answers can be taken back
    assert "Saved" in one.save(_2=2)  # answers for each image
    now = options(fresh)
    assert (now.undo_minutes, now.needed_labels) == (30, 2)
    assert one.values[3] == 30  # and the form has learned of it

    with fresh.app.database.read() as repos:
        *_, last = repos.event_history.of_kind(AuditKind.OPTIONS_CHANGED)
    assert (last.actor, last.details["undo_minutes"]) == (ada.person.name, 30)


def test_a_field_that_both_have_changed_is_refused_in_the_name_of_who_was_first(
    fresh: Site, ada: Call, bo: Call
) -> None:
    one, other = Form(ReviewPanel(fresh.app), ada), Form(ReviewPanel(fresh.app), bo)
    other.save(_3=30)
    third = Form(ReviewPanel(fresh.app), call_of(fresh, fresh.account(Role.ADMIN)))
    third.save(_4=20)  # the last to save, but not this
    refused = one.save(_3=1, _8="spliced")
    assert f"Changed since by {bo.person.name}, at " in refused
    assert " UTC: Answers can be taken back, minutes. Nothing is saved." in refused
    assert "notice-problem" in refused
    assert options(fresh).undo_minutes == 30
    assert "spliced" not in options(fresh).tags
    # The form shows what is in force there, and keeps what is only the person's own.
    assert (one.values[3], one.values[4], one.values[8]) == (30, 20, "spliced")
    assert "Saved" in one.save(_3=1)
    assert (options(fresh).undo_minutes, options(fresh).tags) == (1, ("spliced",))


def test_the_same_change_by_both_is_no_quarrel(fresh: Site, ada: Call, bo: Call) -> None:
    one, other = Form(LimitsPanel(fresh.app), ada), Form(LimitsPanel(fresh.app), bo)
    assert "hold from now on" in other.save(_1=7)
    assert "hold from now on" in one.save(_1=7)
    assert options(fresh).skips_per_minute == 7


def test_limits_and_rules_are_one_document_and_do_not_overwrite_each_other(
    fresh: Site, ada: Call, bo: Call
) -> None:
    rules, limits = Form(ReviewPanel(fresh.app), ada), Form(LimitsPanel(fresh.app), bo)
    limits.save(_2=70)
    rules.save(_4=15)
    limits.save(_1=8)
    now = options(fresh)
    assert (now.skips_per_day, now.lease_minutes, now.skips_per_minute) == (70, 15, 8)


def test_costs_and_order_are_saved_apart(fresh: Site, ada: Call, bo: Call) -> None:
    one, other = Form(OrderPanel(fresh.app), ada), Form(OrderPanel(fresh.app), bo)
    assert "Saved" in other.save(_2=40)
    assert "Saved" in one.save(_0=Order.RISK.value, _1=0)
    now = queue(fresh)
    assert (now.order, now.deadline_hours, now.costs.missed_fake) == (Order.RISK, None, 40)
    with use_language(GERMAN):
        refused = other.save(_0=Order.LEARNING.value)
    assert f"Seitdem geändert von {ada.person.name}, am " in refused
    assert queue(fresh).order is Order.RISK


def test_a_stale_form_in_which_nothing_was_changed_saves_nothing(
    fresh: Site, ada: Call, bo: Call
) -> None:
    one, other = Form(ReviewPanel(fresh.app), ada), Form(ReviewPanel(fresh.app), bo)
    other.save(_3=30, _9=7)  # a share that is no round binary number
    assert "You have changed nothing." in one.save()
    assert (one.values[3], one.values[9]) == (30, 7)
    assert "You have changed nothing." in one.save()
    assert options(fresh).undo_minutes == 30
    with fresh.app.database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.OPTIONS_CHANGED)) == 1


@pytest.mark.parametrize("seen", [None, [], "x", {"lease_minutes": -1}, {"unknown": 1}])
def test_a_form_that_holds_what_no_page_holds_is_refused(fresh: Site, ada: Call, seen: Any) -> None:
    panel = ReviewPanel(fresh.app)
    values = panel.load(ada)[1:-1]
    with pytest.raises(InputError, match="Reload the page"):
        panel.save(ada, seen, *values)
