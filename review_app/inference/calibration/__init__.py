"""Calibration after training: a monotone map of P(fake), fitted on images that trained no head."""

from __future__ import annotations

from review_app.inference.calibration.base import Calibration, CalibrationName
from review_app.inference.calibration.choice import (
    CALIBRATIONS,
    Kinds,
    calibrate,
    calibrate_by_kind,
    choose_calibration,
    fit_calibration,
)
from review_app.inference.calibration.isotonic import IsotonicCalibration
from review_app.inference.calibration.logistic import (
    NoCalibration,
    PlattCalibration,
    TemperatureCalibration,
)
from review_app.inference.calibration.venn_abers import VennAbersCalibration

__all__ = [
    "CALIBRATIONS",
    "Calibration",
    "CalibrationName",
    "IsotonicCalibration",
    "Kinds",
    "NoCalibration",
    "PlattCalibration",
    "TemperatureCalibration",
    "VennAbersCalibration",
    "calibrate",
    "calibrate_by_kind",
    "choose_calibration",
    "fit_calibration",
]
