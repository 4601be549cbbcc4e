"""The map of features on the first screen."""

from __future__ import annotations

import gradio as gr
import numpy as np
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import t
from review_app.monitoring.feature_maps import FeatureMap, MapState
from review_app.web.charts_features import Colouring, by_steps, feature_map
from review_app.web.handlers import Call, Wiring, html
from storage.enums import LabelValue

LOOK_SECONDS = 5
"""The seconds between two looks whether a map is there, or a newer one."""


class FeatureMapPanel:
    """The handler of the map."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def refresh(self, _call: Call) -> Markup:
        """The last map there is, or why there is none."""
        return features_card(self._app.feature_maps.current())


def build_feature_map(app: Application, blocks: gr.Blocks) -> None:
    """Add the map to the open context."""
    panel = FeatureMapPanel(app)
    shown = html()
    wiring = Wiring(app, Permission.SEE_QUEUE)
    for event in (blocks.load, gr.Timer(LOOK_SECONDS).tick):
        wiring.quick(event, panel.refresh, [shown])


def features_card(state: MapState) -> Markup:
    """The map in three colourings as a card of the page."""
    if state.found is not None:
        body, remark = _drawn(state.found), t("desk.features_remark", n=len(state.found.points))
    else:
        why = "computing" if state.is_computing else "few" if state.has_features else "no_features"
        body, remark = Markup('<p class="empty">{}</p>').format(t(f"desk.{why}")), ""
    note = Markup('<p class="remark">{}</p>').format(remark) if remark else Markup()
    return Markup('<section class="card"><h2>{}</h2>{}{}</section>').format(
        t("desk.features"), note, body
    )


def _drawn(found: FeatureMap) -> Markup:
    p_fake = np.array([point.p_fake for point in found.points])
    std = np.array([point.std for point in found.points])
    top = max(float(np.quantile(std, 0.98)), 0.01)
    colourings = (
        _by_truth(found),
        by_steps("P(fake)", p_fake, 1.0),
        by_steps(t("desk.std"), std, top),
    )
    return feature_map(found.places, found.explained, colourings)


def _by_truth(found: FeatureMap) -> Colouring:
    labels = [point.label for point in found.points]
    real = np.array([label is LabelValue.REAL for label in labels])
    fake = np.array([label is LabelValue.FAKE for label in labels])
    return Colouring(
        t("desk.truth"),
        [
            ("dot-unknown", t("desk.not_known"), ~(real | fake)),
            ("dot-real", t("review.answer_real"), real),
            ("dot-fake", t("review.answer_fake"), fake),
        ],
    )
