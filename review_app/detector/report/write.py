"""Write a report's folder: ``report.html``, ``metrics.json`` and ``figures/*.png``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from review_app.detector.dataset import Decoder, decode_plainly
from review_app.detector.evaluation import Evaluation
from review_app.detector.report.figures import FIGURES, draw
from review_app.detector.report.page import render
from review_app.detector.report.thumbnails import thumbnails_of
from review_app.errors import InputError

PAGE = "report.html"
NUMBERS = "metrics.json"


def write_report(
    evaluation: Evaluation,
    out_dir: Path,
    *,
    thumbnails: bool = False,
    decode: Decoder = decode_plainly,
) -> Path:
    """Write the report of ``evaluation`` into ``out_dir`` and return the path of its page.

    An earlier report there is replaced; other files are left alone. With ``thumbnails`` the page
    shows small copies of the worst and most uncertain images, opened by ``decode``; without, only
    their names. The same evaluation gives the same bytes. Raises InputError where the folder cannot
    be written.
    """
    figures = out_dir / "figures"
    try:
        figures.mkdir(parents=True, exist_ok=True)  # before the work, so that a wrong path is told
        drawings = draw(evaluation)
        pictures = thumbnails_of(evaluation, decode) if thumbnails else {}
        page = render(evaluation.document, drawings, pictures)
        numbers = json.dumps(evaluation.document, indent=1, allow_nan=False) + "\n"
        for name in FIGURES:
            if name in drawings:
                _replace(figures / f"{name}.png", drawings[name].png)
            else:
                (figures / f"{name}.png").unlink(missing_ok=True)
        _replace(out_dir / NUMBERS, numbers.encode())
        _replace(out_dir / PAGE, page.encode())
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {out_dir} ({error.strerror}); choose another folder"
        ) from error
    return out_dir / PAGE


def _replace(path: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
