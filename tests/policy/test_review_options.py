"""What an admin may change about review while the app runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Person
from review_app.i18n import use_language
from review_app.policy.review_options import Reveal, ReviewOptions, change_options, read_options
from review_app.policy.tags import COMMON_TAGS, tag_name
from storage.database import Database
from storage.enums import AuditKind
from tests.languages import GERMAN, SPANISH


def test_a_new_deployment_reveals_after_the_label_and_asks_one_person(database: Database) -> None:
    with database.read() as repos:
        assert read_options(repos) == ReviewOptions(
            reveal=Reveal.AFTER_LABEL, needed_labels=1, lease_minutes=10
        )


def test_options_are_kept_and_their_change_is_logged(database: Database, root: Person) -> None:
    options = ReviewOptions(reveal=Reveal.NEVER, needed_labels=3, lease_minutes=2.5)
    change_options(database, root, options)
    with database.read() as repos:
        assert read_options(repos) == options
        (event,) = repos.event_history.of_kind(AuditKind.OPTIONS_CHANGED)
        assert (event.actor, event.details["reveal"]) == ("root", "never")
        assert repos.audit.first_broken() is None


def test_reviewers_may_not_change_options(database: Database, ada: Person) -> None:
    with pytest.raises(NotAllowedError):
        change_options(database, ada, ReviewOptions(reveal=Reveal.NEVER))
    with database.read() as repos:
        assert read_options(repos) == ReviewOptions()


@pytest.mark.parametrize(
    "values",
    [
        {"needed_labels": 0},
        {"needed_labels": 10},
        {"lease_minutes": 0},
        {"lease_minutes": float("nan")},
        {"lease_minutes": float("inf")},
        {"reveal": "sometimes"},
        {"unknown": 1},
    ],
)
def test_unusable_options_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReviewOptions.model_validate(values)


def test_tags_that_the_program_comes_with_have_a_name_in_each_language() -> None:
    assert tuple(map(tag_name, COMMON_TAGS)) == COMMON_TAGS
    for language in (GERMAN, SPANISH):
        with use_language(language):
            named = set(map(tag_name, COMMON_TAGS))
            assert len(named) == len(COMMON_TAGS)
            assert not named & set(COMMON_TAGS)
            assert tag_name("deep fried") == "deep fried"
