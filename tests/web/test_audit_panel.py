"""The Policy tab's audit panel: the evidence in words and lines, and what an alarm does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from review_app.audits.change_detection import ChangeDetection
from review_app.audits.circuit_breaker import read_breaker_options
from review_app.audits.reader import audit_report
from review_app.audits.rules import alpha_of_each
from review_app.audits.side_test import evaluate_side, reason
from review_app.certification.threshold_grid import Side
from review_app.i18n import use_language
from review_app.web.admin.policy_audit import panel
from review_app.web.admin.rules_alarm import AlarmPanel
from review_app.web.evidence import POINTS, evidence_chart
from storage.enums import LabelValue
from tests.applications import Deployment
from tests.audits.audited import Audited
from tests.languages import GERMAN
from tests.web.handling import call_of
from tests.web.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "data")
    yield site
    site.close()


def points(chart: str, line: str) -> list[tuple[float, float]]:
    """The corners of a line, in percent from the upper left."""
    found = re.search(rf'class="evidence-{line}" points="([^"]+)"', chart)
    assert found
    corners = [corner.split(",") for corner in found[1].split()]
    return [(float(x), float(y)) for x, y in corners]


def test_both_lines_start_at_one_and_end_at_the_last_audit() -> None:
    chart = str(evidence_chart(evaluate_side(Side.FAKE, 0.05, [False, True, False])))
    alarm, holds = points(chart, "alarm"), points(chart, "holds")
    assert len(alarm) == len(holds) == 4
    assert alarm[0] == holds[0]
    assert alarm[-1][0] == 100


def test_the_alarm_line_is_crossed_in_the_chart_exactly_where_the_alarm_is_raised() -> None:
    wrong = np.random.default_rng(0).random(200) < 0.2
    evidence = evaluate_side(Side.REAL, 0.05, wrong)
    chart = str(evidence_chart(evidence))
    level = re.search(r'class="evidence-line" x1="0" x2="100" y1="([\d.]+)"', chart)
    assert level
    above = [y <= float(level[1]) for _, y in points(chart, "alarm")]
    alpha = alpha_of_each(evidence.alpha)
    assert above.index(True) == ChangeDetection().alarm_after(wrong, np.ones(200), 0.05, alpha)


def test_a_long_path_stays_a_small_chart_within_its_box() -> None:
    wrong = np.random.default_rng(0).random(20_000) < 0.2
    corners = points(str(evidence_chart(evaluate_side(Side.REAL, 0.05, wrong))), "holds")
    assert len(corners) <= POINTS
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in corners)


def test_without_a_certificate_the_panel_says_so(site: Site) -> None:
    site.app.policies.current()
    assert "nothing to audit" in panel(audit_report(site.app.database))
    assert "nothing to audit" in panel(None)


def test_the_panel_tells_of_audits_and_of_an_alarm_in_plain_words(site: Site) -> None:
    place = Audited.begun(Deployment(site.app))
    place.certify()
    assert "No audit of images accepted as fake has a verdict yet." in _panel(place)
    place.accept(15)
    place.answer(LabelValue.FAKE)
    assert "Of 1 audited image accepted as fake, 0 were real." in _panel(place)
    place.answer_all(LabelValue.REAL)
    assert "An alarm stands." in _panel(place)


def test_an_admin_chooses_what_an_alarm_reopens(site: Site) -> None:
    place = Audited.begun(Deployment(site.app))
    desk, call = AlarmPanel(site.app), call_of(site, "ada")
    assert desk.load(call) == ("", True)
    assert "stays accepted" in desk.save(call, False)
    with place.app.database.read() as repos:
        assert not read_breaker_options(repos).reopen
    assert desk.load(call) == ("", False)


def _panel(place: Audited) -> str:
    return str(panel(audit_report(place.app.database)))


def test_evidence_is_told_in_the_readers_language_and_kept_in_english() -> None:
    turned = evaluate_side(Side.FAKE, 0.05, [False] * 200 + [True] * 20)
    kept = reason([turned])
    with use_language(GERMAN):
        assert turned.text.startswith(
            "Von 220 blind geprüften Bildern, die als gefälscht angenommen wurden, waren 20 echt. "
        )
        assert reason([turned]) == kept
    assert kept.startswith("the audit raised an alarm. Of ")
