"""Revision 0016: what reviewers hold or have said keeps the number that their pages know it by."""

from __future__ import annotations

import pytest

import migrations
from review_app.core.errors import ClaimLostError
from review_app.review.tasks import AnswerInput
from storage.database import Database
from storage.models import Claim
from tests.factories import Factory
from tests.migrations.snapshots import rows, without
from tests.review.bench import FAKE, REAL, Bench

NEW = {"handle"}


def test_open_pages_and_answers_on_their_way_are_still_understood(
    database: Database, factory: Factory
) -> None:
    """A page of before sends the item's number, as a number; answers wait in browsers under it."""
    bench, ada, ben = Bench(database), factory.person("ada"), factory.person("ben")
    held, lost, told, other = factory.items(4)
    assert bench.take(ada, n=3) == [held, lost, told]
    bench.label(ada, told, REAL)
    migrations.downgrade(database.engine, "0015")
    before = rows(database)
    migrations.upgrade(database.engine, "0016")
    assert without(rows(database), NEW) == before
    migrations.upgrade(database.engine)
    answer = AnswerInput.model_validate(
        {"client_id": "answer-0009", "item_id": held, "value": FAKE}
    )
    bench.review.label(ada, answer)
    assert bench.item(held).verdict is FAKE
    assert bench.review.image_of(ada, str(lost)) == lost
    (own,) = (one for one in bench.review.recent(ada) if one.value is REAL)
    assert own.image_url == f"/media/{told}"
    with pytest.raises(ClaimLostError):
        bench.review.label(ben, answer.model_copy(update={"client_id": "answer-0010"}))
    assert bench.take(ben) == [other]
    with pytest.raises(ClaimLostError):  # handed out since: the number names it to nobody
        bench.review.skip(ben, str(other))


def test_what_was_given_back_before_comes_again_under_a_handle(
    database: Database, factory: Factory
) -> None:
    bench, ada = Bench(database), factory.person("ada")
    (item,) = factory.items(1)
    bench.take(ada)
    migrations.downgrade(database.engine, "0015")
    migrations.upgrade(database.engine)
    bench.review.release(ada)
    assert bench.take(ada) == [item]
    assert len(bench.handle(item, ada)) == 22
    with database.read() as repos:
        assert repos.session.query(Claim).count() == 2


def test_a_claim_that_was_outworn_has_run_out_to_an_older_program(
    database: Database, factory: Factory
) -> None:
    bench, ada = Bench(database), factory.person("ada")
    factory.items(1)
    bench.take(ada)
    for _ in range(5 * 60):
        bench.clock.pass_minutes(1)
        bench.review.heartbeat(ada)
    assert [row["outcome"] for row in rows(database)["claim"]] == ["outworn"]
    migrations.downgrade(database.engine, "0015")
    assert [row["outcome"] for row in rows(database)["claim"]] == ["expired"]
