"""Every advice in every language, with all that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from review_app.core.errors import InputError
from review_app.i18n import LANGUAGES, use_language
from review_app.learning.challenge import ChallengeReport
from review_app.learning.job import compare_job
from review_app.learning.recommendation import Advice, Ground, Recommendation
from review_app.learning.words import advice_words
from tests.learning.places import NEW, OLD, two_detectors

ADVICE = (
    Recommendation(Advice.PROMOTE, Ground.BETTER),
    Recommendation(Advice.KEEP, Ground.WORSE),
    Recommendation(Advice.KEEP, Ground.WORSE_IN_PART, parts=(("source", "scans"),)),
    Recommendation(Advice.KEEP, Ground.NO_GAIN),
    Recommendation(Advice.WAIT, Ground.UNCLEAR, more=1234),
    Recommendation(Advice.WAIT, Ground.SCARCE, more=1),
)


def test_every_advice_is_a_sentence_in_every_language(tmp_path: Path) -> None:
    with two_detectors(tmp_path) as (place, _):
        found = compare_job(place.app, {"challenger": NEW, "head": "score", "by": "ada"})
        report = place.app.challenges.last(NEW)
    assert isinstance(report, ChallengeReport)
    assert found["words"] == advice_words(report)
    assert found["labels"] == report.overall.labels
    for language in LANGUAGES:
        with use_language(language):
            told = [advice_words(replace(report, recommendation=each)) for each in ADVICE]
        assert len(set(told)) == len(ADVICE)
        for words in told:
            assert "challenge." not in words
            assert "{" not in words
        assert "scans" in told[2]
        assert NEW in told[0]
        assert OLD in told[1]
        assert "234" in told[4]


def test_a_job_without_a_challenger_says_what_it_needs(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (place, _):
        for wrong in ({}, {"challenger": NEW}, {"challenger": 3, "head": "score"}):
            with pytest.raises(InputError, match="needs a challenger"):
                compare_job(place.app, wrong)
