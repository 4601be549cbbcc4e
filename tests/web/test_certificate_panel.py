"""The certificate on the Policy tab and the first screen: the proof, or how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from review_app.certification.certificate import Certificate, Shortfall
from review_app.certification.threshold_grid import Side
from review_app.i18n.formatting import percent_below
from review_app.triage.forecasting import CertificateProgress, ForecastService
from review_app.web.admin.overview import OverviewTab
from review_app.web.admin.policy import PolicyTab
from review_app.web.admin.policy_certificate import certificate_panel, progress_bar, progress_panel
from review_app.web.handlers import Call
from storage.enums import LabelValue
from tests.applications import LOOSE, Deployment, deployment
from tests.certification.cases import certificate, certified


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def forecasts(place: Deployment) -> ForecastService:
    return place.app.forecasts


def shortfall(side: Side, expected: int | None) -> Shortfall:
    return Shortfall(side, 0.05, 0.05, 37, 0.1, 20, 1, expected, expected)


def towards(
    real: Certificate | Shortfall, fake: Certificate | Shortfall, labels: int = 37
) -> CertificateProgress:
    return CertificateProgress(labels, "37 known labels", "", 0.05, 0.1, real, fake)


def test_the_nearer_side_tells_how_many_labels_are_missing() -> None:
    way = towards(shortfall(Side.REAL, 63), shortfall(Side.FAKE, 400))
    assert way.text == (
        "About 63 more random labels for a 5% limit at 90% confidence (an even chance)."
    )
    assert way.share == pytest.approx(0.37)
    assert 'aria-valuenow="37"' in progress_bar(way)


def test_one_side_that_can_be_certified_is_enough() -> None:
    way = towards(shortfall(Side.REAL, 63), certificate(Side.FAKE, 0.9))
    assert (way.missing, way.share) == (0, 1.0)
    assert "for at least one side: certify." in way.text


def test_a_goal_out_of_reach_is_called_so_and_the_bar_stays_empty() -> None:
    way = towards(shortfall(Side.REAL, None), shortfall(Side.FAKE, None))
    assert way.text == "On 37 known labels, a 5% limit at 90% confidence is out of reach."
    assert way.share == 0.0


def test_while_it_learns_the_panel_shows_the_way_and_every_side() -> None:
    way = towards(shortfall(Side.REAL, 63), shortfall(Side.FAKE, 400))
    shown = progress_panel(way)
    assert "How far is a certificate?" in shown
    assert "What counts so far: 37 known labels. Either side is tested at 95%." in shown
    assert "Accepting as fake is not certified: about 400 more random labels" in shown


def test_a_certificate_shows_every_figure_that_it_rests_on(forecasts: ForecastService) -> None:
    policy = certified()
    held = policy.real
    assert held is not None
    shown = certificate_panel(policy, forecasts)
    for figure in (
        f"{held.errors:,} of {held.accepted:,}",
        "<td>5%</td>",
        "95%; this test 95%",
        "at most 0.1",
        "412, of which 206 fake",
        held.provenance.calibration_set,
        f"{held.provenance.checkpoint}, {held.provenance.head}",
        "fixed sequence",
        "2026-01-02 00:00 UTC",
    ):
        assert figure in shown, figure
    assert "How far" not in shown


def test_the_bounds_at_other_shares_of_fakes_are_told_and_drawn(forecasts: ForecastService) -> None:
    shown = certificate_panel(certified(), forecasts)
    held = certified().fake
    assert held is not None
    assert f"{percent_below(held.bound_at_prevalence(0.5))} with 50% fakes" in shown
    assert shown.count('class="curve-line"') == 2
    # The limit lies at a quarter of the axis, which ends at four limits; the mix at one half.
    assert shown.count('y1="75.00" y2="75.00"') == 2
    assert shown.count('x1="50.00" x2="50.00"') == 2


def test_a_closed_policy_shows_its_certificates_as_past(forecasts: ForecastService) -> None:
    shown = certificate_panel(certified().suspended("<b>drift</b>"), forecasts)
    assert "How far is a certificate?" in shown
    assert "What was proven before auto-accept closed" in shown
    assert "&lt;b&gt;drift" in shown


def test_progress_goes_with_the_labels_and_ends_with_a_certificate(
    place: Deployment, forecasts: ForecastService
) -> None:
    call = Call(place.factory.admin(), "", gr.Progress())
    overview, tab = OverviewTab(place.app), PolicyTab(place.app)
    place.scored(1.0, LabelValue.FAKE)
    first = forecasts.progress()
    assert (first.labels, first.ready) == (1, False)
    assert forecasts.progress() is first

    place.calibrated(10)
    place.app.triage.run("tester")
    second = forecasts.progress()
    assert second.labels == 21
    assert (first.missing or 0) > (second.missing or 0) > 0
    assert second.text in overview.refresh(call)[0]
    assert second.text in tab.load(call)[0]

    place.app.policies.certify(call.person, *LOOSE, 0.0)
    assert 'role="progressbar"' not in overview.refresh(call)[0]
    assert "What is proven" in tab.load(call)[0]
    place.app.policies.suspend(call.person, "to look at it")
    assert 'role="progressbar"' in overview.refresh(call)[0]
    assert forecasts.progress().ready


def test_a_checkpoint_that_is_gone_closes_neither_page(place: Deployment) -> None:
    place.app.policies.current()
    place.factory.policy(2)  # of a checkpoint whose folder is nowhere
    call = Call(place.factory.admin(), "", gr.Progress())
    assert "Off, learning" in OverviewTab(place.app).refresh(call)[0]
    words = PolicyTab(place.app).load(call)[0]
    assert (
        "How far a certificate is cannot be told: checkpoint checkpoint-1 is no longer at" in words
    )
