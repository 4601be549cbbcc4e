"""The naive way from a file to its scores, to compare with: one image at a time, Pillow, eager
torch with its own threads, formulas as they are written down, 50 passes for each Monte Carlo
head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks import plain_forensic
from benchmarks.heads import LOOPS, Summary, mc_dropout_loop
from review_app.inference.backbones import efficientnet
from review_app.inference.backbones.base import round_features
from review_app.inference.backbones.efficientnet_gram4 import CARD, RECIPE
from review_app.inference.backbones.stages import Measure, StageStatistics
from review_app.inference.backbones.xception import CARD as XCEPTION
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import Head, HeadName, HeadPrediction, Matrix
from review_app.inference.heads.mc_dropout import McDropoutTraining


class NaiveXception:
    """Xception as in the source method, with a head of 50 passes."""

    def __init__(self, model: Any) -> None:
        self._model = model.eval()
        rng = np.random.default_rng(0)
        features = rng.normal(size=(256, XCEPTION.width)).astype(np.float32)
        head = McDropoutTraining(epochs=1).fit(features, rng.random(256) < 0.5, seed=1)
        self._head = mc_dropout_loop(head)

    def score(self, data: bytes) -> float:
        """P(fake) of a file."""
        image = Image.open(BytesIO(data)).convert("RGB")
        ratio = XCEPTION.resize / min(image.size)
        scaled = image.resize((round(image.width * ratio), round(image.height * ratio)), 2)
        side = XCEPTION.input_size
        left, top = (scaled.width - side) // 2, (scaled.height - side) // 2
        crop = np.asarray(scaled.crop((left, top, left + side, top + side)), np.float32)
        pixels = (crop - np.array(XCEPTION.mean, np.float32)) / np.array(XCEPTION.std, np.float32)
        batch = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
        with many_threads(), torch.inference_mode():
            return float(self._head(self._model(batch))[0])


class NaiveDefault:
    """The shipped checkpoint: the stages of EfficientNet-Lite0, forensic statistics, five heads."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model = efficientnet.network(None).eval()
        model = checkpoint.model
        loops: dict[HeadName, Any] = {
            name: _Loop(head, LOOPS[name](head)) if name in LOOPS else head
            for name, head in model.heads.items()
        }
        self._checkpoint = replace(checkpoint, model=replace(model, heads=loops))

    def score(self, data: bytes) -> float:
        """P(fake) of a file by the head that is used."""
        image = _small(Image.open(BytesIO(data)))
        forensic = plain_forensic.statistics(np.asarray(image))
        row = round_features(np.concatenate([self._stages(image), forensic]))[None]
        # The projection is one product in float32: that it is exact is ours, and costs more.
        says = self._checkpoint.judge(row, at_once=True).heads[self._checkpoint.default_head]
        return float(says.p_fake[0])

    def _stages(self, image: Image.Image) -> NDArray[np.float32]:
        pixels = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None].float()
        hidden = (pixels - CARD.mean[0]) / CARD.std[0]
        seen: dict[str, StageStatistics] = {}
        with many_threads(), torch.inference_mode():
            hidden = self._model.bn1(self._model.conv_stem(hidden))
            seen["stem"] = StageStatistics(hidden)
            for i, block in enumerate(list(self._model.blocks)[:5]):
                hidden = block(hidden)
                seen[f"block{i}"] = StageStatistics(hidden)
            parts = [seen[each.stage].get(each.statistic) for each in map(Measure.parse, RECIPE)]
            found: NDArray[np.float32] = torch.cat(parts).numpy()
        return found


@dataclass(frozen=True)
class _Loop:
    """A Monte Carlo head that makes its passes, one after the other, for one image."""

    head: Head
    loop: Callable[[torch.Tensor], Summary]

    def predict(self, features: Matrix) -> HeadPrediction:
        """Mean, std, entropy and mutual information over the passes."""
        with torch.inference_mode():
            said = self.loop(torch.from_numpy(np.ascontiguousarray(features)))
        return HeadPrediction(*(each.numpy().astype(np.float64) for each in said))

    def state(self) -> Any:
        """That of the head."""
        return self.head.state()


class many_threads:  # noqa: N801 - reads as a statement
    """torch with a thread for each core, as it comes; the rest of the program keeps it on one."""

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        torch.set_num_threads(_CORES)

    def __exit__(self, *fault: object) -> None:
        torch.set_num_threads(self._before)


def _small(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image).convert("RGB")
    ratio = 256 / min(upright.size)
    size = (round(upright.width * ratio), round(upright.height * ratio))
    return upright.resize(size, Image.Resampling.BICUBIC)


_CORES = torch.get_num_threads()
