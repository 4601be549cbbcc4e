"""Engines: what an image costs from its file to its scores, against the naive way in the same run.

``python -m benchmarks.engines [PART...] [--quick] [--json]``; exit 1 when a bar does not hold.
There are ``xception`` (random weights: speeds carry over, agreement in bfloat16 or int8 does not),
``int8`` (Xception in it), ``default`` (the shipped checkpoint), ``large`` (12-megapixel JPEGs) and
``agreement`` (what fewer digits make of the shipped checkpoint's scores on real images). Naive is
one image at a time: Pillow, eager torch on every core, the formulas as they are written down, a
loop of 50 passes for Monte Carlo heads. Sides take turns on the same made-up JPEGs; figures are
medians. What is called a share is that of what decoding and the network alone would allow, each
with every core at work. Peaks are those of products of matrices, beside the network at batch 8.
"""

from __future__ import annotations

import atexit
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import engine_agreement, matrix_peak
from benchmarks.naive_scoring import NaiveDefault, NaiveXception
from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    parts_asked,
    tell_bars,
)
from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.backbones.forensic.backbone import NATIVE
from review_app.inference.backbones.preprocess import native_pixels, pixels
from review_app.inference.backbones.threads import cores
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.backbones.xception import CARD as XCEPTION
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.engines import TOLERANCE, EngineName, Engines
from review_app.inference.engines.base import Pixels
from review_app.inference.engines.openvino_sizes import OFTEN
from review_app.inference.features import stream_features
from review_app.inference.service import Detector
from review_app.inference.torch_runtime import timm
from review_app.intake.decode import Decoder, Limits, decoder, shrinking_decoder

DEFAULT = Path(__file__).parents[1] / "checkpoints" / "default"
ENGINES = (EngineName.TORCH, EngineName.OPENVINO, EngineName.OPENVINO_BF16)
LIMITS = Limits()
GMAC = 8.36
"""Of Xception at 299 x 299, in thousand millions of multiplications."""
XCEPTION_BARS = (
    (EngineName.OPENVINO, 1.8, 0.93, 0.90),
    (EngineName.OPENVINO_BF16, 3.3, 0.85, 0.88),
)
"""Times the naive way, share of the network's speed, and that of the matrix peak at batch 8."""
SLOW = 8
"""A side that would take minutes is given every eighth image."""

Side = Callable[[], float]
"""Scores some images; how many."""
Rates = Mapping[str, float]
"""A figure by side, the median of the rounds: images a second, unless something else is said."""


def rates(sides: Mapping[str, Side], rounds: int) -> tuple[Rates, Rates]:
    """How fast each of ``sides`` is, which take turns; and the seconds of processor that an image
    costs by it, which say more where other work has the cores."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            clock, cpu = time.perf_counter(), time.process_time()
            n = side()
            found[name].append(n / (time.perf_counter() - clock))
            costs[name].append((time.process_time() - cpu) / n)
    speeds = {name: median(each) for name, each in found.items()}
    return speeds, {name: median(each) for name, each in costs.items()}


@cache
def jpegs(n: int, width: int, height: int) -> tuple[bytes, ...]:
    """``n`` files, of which eight differ: smooth shapes with a camera's noise."""
    rng = np.random.default_rng(1)
    files = []
    for _ in range(min(n, 8)):
        small = Image.fromarray(rng.integers(0, 256, size=(9, 12, 3), dtype=np.uint8))
        smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32)
        noise = rng.normal(0, 5, size=(height, width, 1)).astype(np.float32)
        pixels = np.clip(np.rint(smooth + noise), 0, 255).astype(np.uint8)
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
        files.append(buffer.getvalue())
    return tuple(files[i % len(files)] for i in range(n))


def on(backbone: Backbone, name: EngineName) -> Backbone | None:
    """``backbone`` on the engine of that name; None where it cannot run here."""
    try:
        Engines(EngineName.TORCH, _kept()).settle(backbone, name)
    except BackboneError:
        return None
    return backbone


def extracted(backbone: Backbone, files: Sequence[bytes]) -> int:
    """Features of ``files``, as triage makes them."""
    load = decoder(LIMITS)
    items = [(str(at), partial(load, data, "made.jpg")) for at, data in enumerate(files)]
    return sum(found.features is not None for found in stream_features(items, backbone))


def each_core(do: Callable[[Image.Image], object], images: Sequence[Image.Image]) -> int:
    """``do`` for all of ``images``, with every core at work."""
    with ThreadPoolExecutor(cores()) as pool:
        return len(list(pool.map(do, images)))


def decoded(files: Sequence[bytes]) -> int:
    """``files`` decoded, with every core at work."""
    load = decoder(LIMITS)
    with ThreadPoolExecutor(cores()) as pool:
        return len(list(pool.map(lambda data: load(data, "made.jpg").size, files)))


def xception(n: int, rounds: int) -> tuple[Row, list[Row]]:
    """Xception on 1024 x 1024; torch and the naive way are given a part of the images."""
    here, measures = _of_xception(ENGINES, n, rounds)
    per_second, off = measures["images_per_second"], measures["relative_error"]
    bars: list[Row] = []
    eights: dict[str, Rates] = {}
    for name, times, share, of_peak in XCEPTION_BARS:
        if name not in here:
            continue
        what, alone = f"Xception on {name}", per_second[f"{name} alone"]
        eights[name] = at_eight(here[name], name, rounds)
        eight = eights[name]
        said = (
            f"{eight['gmac']:.0f} of {eight['peak']:.0f} GMAC/s; "
            f"{eight['share_by_processor_time']:.2f} by processor time"
        )
        bars += [
            _times_naive(what, per_second, name, times),
            at_least(f"{what}: share of the network's speed", per_second[name] / alone, share),
            at_least(f"{what}: share of the peak at batch 8", eight["share"], of_peak, said),
        ]
    if EngineName.OPENVINO in here:
        bars.append(
            at_most("Xception on openvino: relative error", off[EngineName.OPENVINO], TOLERANCE)
        )
    return measures | {"batches_of_eight": eights}, bars


def int8(n: int, rounds: int) -> tuple[Row, list[Row]]:
    """Xception in int8, beside bfloat16, on the images of :func:`xception`."""
    name = EngineName.OPENVINO_INT8
    here, measures = _of_xception((EngineName.TORCH, EngineName.OPENVINO_BF16, name), n, rounds)
    if name not in here:
        return measures, []
    return measures, [_times_naive(f"Xception on {name}", measures["images_per_second"], name, 5.5)]


def _of_xception(
    names: Sequence[EngineName], n: int, rounds: int
) -> tuple[dict[EngineName, Backbone], Row]:
    """Xception on those engines of ``names`` that can run here, and their rates."""
    files = jpegs(n, 1024, 1024)
    images, few = _opened(files), files[: max(n // SLOW, 4)]
    found = {name: on(_xception(), name) for name in names}
    here = {name: backbone for name, backbone in found.items() if backbone is not None}
    naive = NaiveXception(_xception_network())
    sides: dict[str, Side] = {"naive": lambda: sum(naive.score(data) >= 0 for data in few)}
    for name, backbone in here.items():
        some = few if name is EngineName.TORCH else files
        sides[name] = partial(extracted, backbone, some)
        sides[f"{name} alone"] = partial(each_core, _alone(backbone), images[: len(some)])
    per_second, cpu = rates(sides, rounds)
    off = {
        name: _off(here[EngineName.TORCH], backbone, images[:4]) for name, backbone in here.items()
    }
    return here, {"images_per_second": per_second, "cpu_seconds": cpu, "relative_error": off}


def at_eight(backbone: Backbone, name: EngineName, rounds: int) -> Rates:
    """Multiplications of the network alone at batch 8, in thousand millions a second; those of
    products of matrices by the faster library, which take turns with it; and their ratio."""
    (network,) = backbone.networked()
    run = network.prepared(matrix_peak.FullBatches(name))
    square = np.random.default_rng(2).integers(0, 256, size=(299, 299, 3), dtype=np.uint8)
    sides: dict[str, Side] = {
        "images": partial(matrix_peak.images, run, square),
        **matrix_peak.products(name),
    }
    found, costs = rates(sides, rounds)
    gmac, peak = GMAC * found["images"], max(found["torch"], found["openvino"])
    by_cpu = GMAC * min(costs["torch"], costs["openvino"]) / costs["images"]
    return {"gmac": gmac, "peak": peak, "share": gmac / peak, "share_by_processor_time": by_cpu}


def default(n: int, rounds: int) -> tuple[Row, list[Row]]:
    """The shipped checkpoint on 1024 x 1024."""
    measures, best = _shipped(jpegs(n, 1024, 1024), rounds)
    per_second = measures["images_per_second"]
    said = f"{measures['allowed']:.2f} images/s"
    share = per_second[best] / measures["allowed"]
    return measures, [
        _times_naive("shipped checkpoint", per_second, best, 5.0),
        at_least(
            "shipped checkpoint: share of what decoding and backbone allow", share, 0.88, said
        ),
    ]


def large(n: int, rounds: int) -> tuple[Row, list[Row]]:
    """The shipped checkpoint on 12 megapixels: all pixels, and shrunk while they are decoded."""
    files = jpegs(max(n // SLOW, 8), 4000, 3000)
    exact, shrunk = decoder(LIMITS), shrinking_decoder(LIMITS, NATIVE.largest)
    sides = {"all pixels": partial(seen, exact, files), "shrunk": partial(seen, shrunk, files)}
    measures, best = _shipped(files, rounds, sides, shrunk)
    per_second = measures["images_per_second"]
    off = max(_apart(exact(data, "made.jpg"), shrunk(data, "made.jpg")) for data in set(files))
    ratio = per_second["shrunk"] / per_second["all pixels"]
    name = f"{best} shrunk"
    return measures | {"mean_pixel_difference": off}, [
        at_least("12 megapixels shrunk: times decoding and resampling all pixels", ratio, 3.5),
        at_most("12 megapixels shrunk: mean difference of a pixel that is seen", off, 0.3),
        _times_naive("12 megapixels shrunk", per_second, name, 5.0),
    ]


def seen(decode: Decoder, files: Sequence[bytes]) -> int:
    """``files`` as the shipped checkpoint sees them, with every core at work."""

    def one(data: bytes) -> int:
        return native_pixels(decode(data, "made.jpg"), NATIVE, "bicubic").size

    with ThreadPoolExecutor(cores()) as pool:
        return len(list(pool.map(one, files)))


def _apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of what is seen of two pictures, in grey levels."""
    a, b = (native_pixels(each, NATIVE, "bicubic").astype(np.int16) for each in (one, other))
    return float(np.abs(a - b).mean())


def _shipped(
    files: Sequence[bytes],
    rounds: int,
    more: Mapping[str, Side] = MappingProxyType({}),
    shrunk: Decoder | None = None,
) -> tuple[Row, str]:
    """Rates of the shipped checkpoint, by itself and where ``shrunk`` decodes; those of the sides
    that are given; and the engine on which it is fastest on all pixels."""
    checkpoint = Checkpoint.load(DEFAULT)
    naive, few, images = NaiveDefault(checkpoint), files[:: SLOW // 2], _opened(files[:8]) * 4
    sides: dict[str, Side] = {
        "naive": lambda: sum(naive.score(data) >= 0 for data in few),
        "decode": partial(decoded, files),
        **more,
    }
    backbones = {
        name: on(load_backbone(checkpoint.card.backbone.name), name) for name in ENGINES[:2]
    }
    for name, backbone in backbones.items():
        if backbone is not None:
            detector = Detector(checkpoint, engines=Engines(name, _kept()))
            sides[name] = partial(_scored, detector, files, decoder(LIMITS))
            if shrunk is not None:
                sides[f"{name} shrunk"] = partial(_scored, detector, files, shrunk)
            sides[f"{name} alone"] = partial(each_core, backbone.extract_one, images)
    _get_used_to_the_size([side for name, side in sides.items() if EngineName.OPENVINO in name])
    per_second, cpu = rates(sides, rounds)
    best = max((name for name in ENGINES if name in per_second), key=per_second.__getitem__)
    allowed = 1 / (1 / per_second["decode"] + 1 / per_second[f"{best} alone"])
    return {"images_per_second": per_second, "cpu_seconds": cpu, "allowed": allowed}, best


def _get_used_to_the_size(sides: Sequence[Side]) -> None:
    """Have each of ``sides`` see so many images that a network is compiled for their size: that is
    done once for thousands, and belongs to no round."""
    for side in sides:
        seen_so_far = 0.0
        while seen_so_far < OFTEN:
            seen_so_far += side()


def agreement(n: int, rounds: int) -> tuple[Row, list[Row]]:
    """Scores on real images; see `benchmarks.engine_agreement`."""
    return engine_agreement.agreement(Checkpoint.load(DEFAULT), on, min(n, 100))


PARTS = {
    "xception": xception,
    "int8": int8,
    "default": default,
    "large": large,
    "agreement": agreement,
}


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options, parts = parts_asked(arguments(__doc__, "24 images, 3 rounds"), PARTS)
    n, rounds = (24, 3) if options.quick else (200, 5)
    measures: Row = {"images": n}
    bars: list[Row] = []
    for part in parts:
        measures[part], more = PARTS[part](n, rounds)
        bars += more
    libraries = (f"torch {torch.__version__}", PYTHON)
    return finish(
        document("engines", options.quick, measures, bars, *libraries), options.json, _tell
    )


def _tell(found: Row) -> None:
    for part, told in found["measures"].items():
        if isinstance(told, dict):
            for name, rate in told.get("images_per_second", {}).items():
                cost = 1000 * told["cpu_seconds"][name]
                print(f"{part:9} {name:20} {rate:8.2f} images/s {cost:8.1f} ms of processor")
    tell_bars(found)


def _times_naive(what: str, per_second: Rates, name: str, bar: float) -> Row:
    naive = per_second["naive"]
    said = f"{per_second[name]:.2f} images/s on {name}, {naive:.2f} naively"
    return at_least(f"{what}: times the naive way", per_second[name] / naive, bar, said)


def _scored(detector: Detector, files: Sequence[bytes], load: Decoder) -> int:
    items = [(f"{at:064x}", partial(load, data, "made.jpg")) for at, data in enumerate(files)]
    return len(detector.score(items))


def _alone(backbone: Backbone) -> Callable[[Image.Image], object]:
    """The network alone: the pixels that it sees are made beforehand."""
    (network,) = backbone.networked()
    seen: dict[int, Pixels] = {}

    def run(image: Image.Image) -> object:
        if id(image) not in seen:
            seen[id(image)] = pixels(image, backbone.card)
        return network.run(seen[id(image)])

    return run


def _off(reference: Backbone, backbone: Backbone, images: Sequence[Image.Image]) -> float:
    """The largest relative error of the features of an image, before rounding."""
    ((one,), (other,)) = (each.networked() for each in (reference, backbone))
    pairs = [(one.unrounded(image), other.unrounded(image)) for image in images]
    return max(float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in pairs)


def _opened(files: Sequence[bytes]) -> list[Image.Image]:
    load = decoder(LIMITS)
    found = {data: load(data, "made.jpg") for data in dict.fromkeys(files)}
    return [found[data] for data in files]


@cache
def _kept() -> Path:
    """Where engines keep what they make, as long as this runs."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _xception_network() -> Any:
    torch.manual_seed(0)
    model = timm().create_model(XCEPTION.model, pretrained=False)
    model.reset_classifier(0)
    return model


def _xception() -> Backbone:
    return TimmBackbone(XCEPTION, _xception_network())


if __name__ == "__main__":
    sys.exit(main())
