"""Parts that the commands that train and measure share: backbones, cached features, decoding."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.bootstrap import file_limits
from review_app.cli.common import settings
from review_app.core.errors import InputError
from review_app.core.settings import Settings
from review_app.inference.backbones import backbone_names
from review_app.inference.backbones.card import TIMM_PREFIX
from review_app.inference.backbones.joined import JOINT
from review_app.intake.decode import decoder, shower
from review_app.manifests.manifest import Manifest
from review_app.manifests.tables import plain_name

if TYPE_CHECKING:  # slow to import, and asking for help must not be
    from review_app.inference.backbones.base import Backbone
    from review_app.inference.dataset import Decoder
    from review_app.inference.features import FeatureCache

BackboneName = Annotated[
    str,
    typer.Option(help=f"{', '.join(backbone_names())}, timm/NAME, or several joined by +."),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        help="Local weights, for a backbone that brings none; NAME=FILE where several are joined "
        "(repeatable)."
    ),
]


@dataclass(frozen=True)
class Lab:
    """The means to turn image files into features, as the settings want them."""

    settings: Settings
    decode: Decoder
    shown: Decoder
    """A ``decode`` in the colours that people see."""

    @cached_property
    def cache(self) -> FeatureCache:
        """Features kept in the data directory, whose folder is made with it."""
        from review_app.inference.feature_cache import DirectoryFeatureCache

        return DirectoryFeatureCache(self.settings.data_dir / "features")

    def backbone(self, name: str, weights: Sequence[str] | None = None) -> Backbone:
        """The backbone called ``name``, with the settings' local files or ``weights`` instead."""
        from review_app.inference.backbones import load_backbone

        given = weight_files(name, weights or ())
        if isinstance(given, Path):
            return load_backbone(name, weights=given)
        return load_backbone(name, weights=self.settings.weights_for(name) | given)


def weight_files(backbone: str, given: Sequence[str]) -> Path | dict[str, Path]:
    """What was ``given`` as FILE or NAME=FILE: one file, or files by the names of the parts.

    What is given for other backbones is left out: a command may load several. Raises InputError
    where it is not said whose each of several is.
    """
    named = {}
    for text in given:
        name, equals, path = text.partition("=")
        if equals and (name in backbone_names() or name.startswith(TIMM_PREFIX)):
            named[name] = Path(path)
        elif len(given) == 1:
            return Path(text)
        else:
            raise InputError(f"--weights {text}: say whose each file is, as in NAME={text}")
    return {name: path for name, path in named.items() if name in backbone.split(JOINT)}


def tell_unweighted(manifest: Manifest) -> None:
    """Say that this command counts every image once, where the manifest has weights."""
    if "weight" in map(plain_name, manifest.columns):
        sys.stderr.write("note: weights are not used here; every image counts once\n")


def open_lab() -> Lab:
    """The lab of the environment's settings."""
    here = settings()
    limits = file_limits(here)
    return Lab(here, decoder(limits), shower(limits))


def weighed_words(document: dict[str, Any]) -> str:
    """What weights cost, after the number of images; empty where all weigh the same."""
    if "effective_n" not in document:
        return ""
    return f", weighed (as good as {document['effective_n']:,.0f} of equal weight)"
