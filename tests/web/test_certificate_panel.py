"""The certificate on the Policy tab and the first screen: the proof, or how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.i18n.formatting import percent_below
from review_app.triage.forecasting import CertificateProgress, ForecastService
from review_app.web.admin.overview import OverviewTab
from review_app.web.admin.policy import PolicyTab
from review_app.web.admin.policy_certificate import certificate_panel, progress_bar, progress_panel
from review_app.web.handlers import Call
from storage.enums import LabelValue
from tests.applications import LOOSE, Deployment, deployment
from tests.certification.cases import GRIDS, certified


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def forecasts(place: Deployment) -> ForecastService:
    return place.app.forecasts


def towards(
    labels: int, risk_limit: float = 0.05, grid: ThresholdGrid = GRIDS[0]
) -> CertificateProgress:
    """The way of a side that leans to ``grid``, and of one that accepts nothing."""
    real = Prospect(grid, labels, risk_limit, 0.1, attempt=1)
    fake = replace(real, grid=ThresholdGrid(Side.FAKE, (), ()))
    words = f"{labels} known labels"
    return CertificateProgress(labels, words, "", risk_limit, 0.1, real, fake)


def test_the_nearer_side_tells_how_many_labels_are_missing() -> None:
    way = towards(100)
    missing = way.real.missing()
    assert missing
    assert way.text == (
        f"About {missing} more random labels for a 5% limit at 90% confidence (an even chance)."
    )
    assert way.share == pytest.approx(100 / (100 + missing))
    assert f'aria-valuenow="{round(100 * way.share)}"' in progress_bar(way)


def test_one_side_with_an_even_chance_is_enough() -> None:
    way = towards(2000)
    assert (way.missing, way.share) == (0, 1.0)
    assert way.text == (
        "A try now proves a 5% limit at 90% confidence for at least one side "
        "with a chance of about 99%."
    )


def test_a_goal_out_of_reach_is_called_so_and_the_bar_stays_empty() -> None:
    doubtful = ThresholdGrid(Side.REAL, (0.45, 0.48), (0.2, 0.4))
    way = towards(37, grid=doubtful)
    assert (
        way.text == "By its scores, a 5% limit at 90% confidence is out of this detector’s reach."
    )
    assert way.share == 0.0
    assert "were it never wrong, 72 labels could do" in progress_panel(way)


def test_while_it_learns_the_panel_shows_the_way_and_every_side() -> None:
    shown = progress_panel(towards(37))
    assert "How far is a certificate?" in shown
    assert "What counts so far: 37 known labels. Either side is tested at 95%." in shown
    assert "Accepting as real: a try now proves a 5% limit at 90% confidence with a chance" in shown
    assert "the detector never leans to fake" in shown
    assert "What the labels say is not looked at before a try is spent." in shown


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
    assert first.labels == 1
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
    assert forecasts.progress().real.attempt == 2


def test_a_checkpoint_that_is_gone_closes_neither_page(place: Deployment) -> None:
    place.app.policies.current()
    place.factory.policy(2)  # of a checkpoint whose folder is nowhere
    call = Call(place.factory.admin(), "", gr.Progress())
    assert "Off, learning" in OverviewTab(place.app).refresh(call)[0]
    words = PolicyTab(place.app).load(call)[0]
    assert (
        "How far a certificate is cannot be told: checkpoint checkpoint-1 is no longer at" in words
    )
