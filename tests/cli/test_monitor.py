"""``monitor`` on a real queue: quiet, then with an alarm that stands until it is certified anew."""

from __future__ import annotations

from pathlib import Path

from storage.enums import LabelValue
from tests.audits.audited import audited
from tests.cli.conftest import Run


def test_a_new_deployment_has_nothing_to_audit(run: Run) -> None:
    outcome = run("monitor", "--json")
    assert outcome.code == 0
    assert outcome.document["alarm"] is False
    assert outcome.document["sides"] == {}
    assert outcome.document["state"] == "learning"


def test_an_alarm_ends_with_1_and_says_why_in_words_and_numbers(run: Run, data_dir: Path) -> None:
    with audited(data_dir.parent) as place:
        place.certify()
        place.accept(15)
        place.answer(LabelValue.FAKE)
        quiet = run("monitor", "--json")
        place.answer_all(LabelValue.REAL)
        alarmed, words = run("monitor", "--json"), run("monitor")
    fake = quiet.document["sides"]["fake"]
    assert quiet.code == 0
    assert (fake["audits"], fake["errors"], fake["open"], fake["alarm_after"]) == (1, 0, 14, None)
    assert fake["interval"][0] == 0 < fake["interval"][1] <= 1
    assert (alarmed.code, words.code) == (1, 1)
    assert alarmed.document["alarm"]
    assert alarmed.document["state"] == "suspended"
    assert "Of 15 audited images accepted as fake, 14 were real." in words.out
    assert "Auto-accept is closed." in words.out
