"""Every head: its name, its class, its title, how presets train it, and what a search tries.

This is the only list of heads. Presets, checkpoints, searches, reports and pages derive from it;
their order is the order here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from review_app.inference.heads.base import Head, Training
from review_app.inference.heads.ensemble import EnsembleHead, EnsembleTraining
from review_app.inference.heads.grid import Grid
from review_app.inference.heads.laplace import LaplaceHead, LaplaceTraining
from review_app.inference.heads.linear import LinearHead, LinearTraining
from review_app.inference.heads.mc_dropout import McDropoutHead, McDropoutTraining
from review_app.inference.heads.naive_bayes import NaiveBayesHead, NaiveBayesTraining
from review_app.inference.heads.updated import UpdatedHead
from review_app.inference.heads.variational import VariationalHead, VariationalTraining


class HeadName(StrEnum):
    """The heads that can be trained and stored; checkpoints and databases keep these values."""

    LINEAR = "linear"
    """One linear layer and a sigmoid: the deterministic baseline."""
    NAIVE_BAYES = "naive_bayes"
    """Gaussian naive Bayes: the generative baseline."""
    MC_DROPOUT = "mc_dropout"
    """A small network whose dropout stays on (Gal & Ghahramani 2016)."""
    VARIATIONAL = "variational"
    """A linear layer with a learned normal posterior over its weights (Blundell et al. 2015)."""
    LAPLACE = "laplace"
    """Bayesian logistic regression, its posterior the normal around the mode (MacKay 1992)."""
    ENSEMBLE = "ensemble"
    """Small networks of different starts and dropout (Lakshminarayanan et al. 2017)."""
    UPDATED = "updated"
    """Another head of the checkpoint, brought up to date by people's labels; no preset trains it
    (`review_app.lab.updating`)."""


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The facts that the program knows of one head."""

    head: type[Head]
    """It predicts, and knows its tensors."""
    term: str
    """What running text calls it."""
    trainings: Mapping[str, Training]
    """Its hyper-parameters in each preset that trains it, by the preset's name."""
    grid: Grid | None = None
    """What a search tries; None where it leaves the head alone."""

    @property
    def title(self) -> str:
        """The term with a capital letter: the same in every language."""
        return self.term[0].upper() + self.term[1:]


def _in_both(training: Training) -> dict[str, Training]:
    return {"source": training, "extended": training}


HEADS: Mapping[HeadName, HeadSpec] = {
    HeadName.LINEAR: HeadSpec(
        LinearHead,
        "linear",
        _in_both(LinearTraining()) | {"robust": LinearTraining(weight_decay=1e-2)},
    ),
    HeadName.NAIVE_BAYES: HeadSpec(
        NaiveBayesHead,
        "naive Bayes",
        _in_both(NaiveBayesTraining()) | {"robust": NaiveBayesTraining(power=1e-3)},
    ),
    HeadName.MC_DROPOUT: HeadSpec(
        McDropoutHead,
        "MC dropout",
        _in_both(McDropoutTraining())
        | {
            "robust": McDropoutTraining(
                hidden=64, epochs=12, learning_rate=3e-4, weight_decay=1e-3
            ),
        },
        # The source method's: 9 cells of 30 epochs, judged by 20 passes.
        Grid(
            McDropoutTraining(epochs=30, passes=20),
            {"dropout": (0.1, 0.3, 0.5), "hidden": (128, 256, 512)},
        ),
    ),
    HeadName.VARIATIONAL: HeadSpec(
        VariationalHead,
        "variational",
        _in_both(VariationalTraining()) | {"robust": VariationalTraining(epochs=30)},
        # The source method's: 12 cells of 50 epochs.
        Grid(
            VariationalTraining(epochs=50),
            {"kl_weight": (0.1, 0.5, 1.0, 2.0), "prior_std": (0.5, 1.0, 2.0)},
        ),
    ),
    HeadName.LAPLACE: HeadSpec(LaplaceHead, "Laplace", {"extended": LaplaceTraining()}),
    HeadName.ENSEMBLE: HeadSpec(
        EnsembleHead,
        "deep ensemble",
        {"extended": EnsembleTraining(), "robust": EnsembleTraining()},
    ),
    HeadName.UPDATED: HeadSpec(UpdatedHead, "updated by labels", {}),
}
"""Every head by its name. ``extended`` trains all of them; see :mod:`review_app.inference.presets`
for what else the presets say."""


def head_title(name: str) -> str:
    """The title of the head ``name``; a name that is no head's, as another detector's, as it is."""
    known = {each.value: spec.title for each, spec in HEADS.items()}
    return known.get(name, name)
