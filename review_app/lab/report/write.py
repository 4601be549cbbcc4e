"""Write a report's folder: ``report.html``, ``metrics.json`` and ``figures/*.png``."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.files import atomic_write
from review_app.inference.dataset import Decoder, decode_plainly
from review_app.lab.evaluation import Evaluation
from review_app.lab.report.figures import FIGURES, draw
from review_app.lab.report.page import render
from review_app.lab.report.style import Drawing
from review_app.lab.report.thumbnails import thumbnails_of

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
    make_folder(out_dir)
    drawings = draw(evaluation)
    pictures = thumbnails_of(evaluation, decode) if thumbnails else {}
    page = render(evaluation.document, drawings, pictures)
    return write_page(out_dir, page, evaluation.document, drawings, FIGURES)


def make_folder(out_dir: Path) -> None:
    """Make the folder of a report; InputError where that cannot be done.

    Called before the work, so that a wrong path is told at once.
    """
    try:
        (out_dir / "figures").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out_dir, error) from error


def write_page(
    out_dir: Path,
    page: str,
    document: Mapping[str, Any],
    drawings: Mapping[str, Drawing],
    figures: Collection[str],
    *,
    name: str = PAGE,
) -> Path:
    """Write ``page`` as ``out_dir/name``, its numbers and its figures; return the page's path.

    Those of ``figures`` that are not drawn are removed. Raises InputError where it cannot be done.
    """
    make_folder(out_dir)
    try:
        for figure in figures:
            path = out_dir / "figures" / f"{figure}.png"
            if figure in drawings:
                _replace(path, drawings[figure].png)
            else:
                path.unlink(missing_ok=True)
        numbers = json.dumps(document, indent=1, allow_nan=False) + "\n"
        _replace(out_dir / NUMBERS, numbers.encode())
        _replace(out_dir / name, page.encode())
    except OSError as error:
        raise _unwritable(out_dir, error) from error
    return out_dir / name


def _unwritable(out_dir: Path, error: OSError) -> InputError:
    return InputError(
        f"the report cannot be written to {out_dir} ({error.strerror}); choose another folder"
    )


def _replace(path: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    with atomic_write(path) as file:
        file.write(data)
