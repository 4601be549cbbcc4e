"""Deepfake-Eval-2024: the image metadata CSV as its authors publish it, as one of our manifests.

Chandra et al., "Deepfake-Eval-2024: A multi-modal in-the-wild benchmark" (2025). Its own division
into train and test is kept; validation is carved from train as the source method does it.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PureWindowsPath

from PIL import Image

from review_app.core.errors import InputError, ManifestError
from review_app.lab.datasets.origin import Dropped, DropReason
from review_app.manifests.manifest import ManifestLabel, ManifestRow, listed

SOURCE = "deepfake_eval_2024"
SEED = 114514
"""The seed of the source method."""
VAL_SHARE = 0.2
"""The share of the authors' training rows that is for validation: 234 of 1,166."""

_COLUMNS = {"name": "filename", "label": "groundtruth", "split": "finetuningset"}
"""What a header begins with, in small letters without spaces and signs."""
_DAMAGED = re.compile(r"#name\?(\.\w+)?", re.IGNORECASE)
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
"""Which of several files of one stem is taken; other image files come after these."""
_SPLITS = {"train": "train", "test": "test"}


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows that name a file and a label, with splits train, val and test; and the others."""

    rows: tuple[ManifestRow, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class _Record:
    row: int
    name: str
    label: str
    split: str


def read_deepfake_eval(metadata: Path, images: Path, *, seed: int = SEED) -> Imported:
    """Match the rows of ``metadata`` with the files in the folder ``images``.

    Files are found by exact name, then by stem (jpg before jpeg, png, webp, others); folders in
    names are ignored. Raises ManifestError where the CSV lacks a column, cannot be read, or leaves
    too few rows to carve validation from; InputError where ``images`` is no folder.
    """
    records = _records(metadata)
    index = _Index(images)
    rows: list[ManifestRow] = []
    dropped: list[Dropped] = []
    for record in records:
        outcome = _match(record, index)
        (rows if isinstance(outcome, ManifestRow) else dropped).append(outcome)  # type: ignore[arg-type]
    kept, twice = _once_each(rows)
    if not kept:
        raise ManifestError(
            f"{metadata}: none of {len(records)} rows has a label and a file in {images}; "
            "name the folder that holds the images themselves"
        )
    everything = sorted([*dropped, *twice], key=lambda each: each.row)
    return Imported(_with_validation(metadata, kept, seed), tuple(everything))


def _records(path: Path) -> list[_Record]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            columns = _columns(path, next(reader, []))
            return [
                _Record(reader.line_num, **{key: _cell(line, at) for key, at in columns.items()})
                for line in reader
                if any(cell.strip() for cell in line)
            ]
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(
            f"{path} cannot be read as a CSV file in UTF-8 ({error}); save it as such"
        ) from error


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    found = {
        key: next((at for at, name in enumerate(plain) if name.startswith(start)), None)
        for key, start in _COLUMNS.items()
    }
    known = {key: at for key, at in found.items() if at is not None}
    if len(known) < len(_COLUMNS):
        raise ManifestError(
            f"{path} is not the metadata of Deepfake-Eval-2024: its row 1 must name the columns "
            "Filename, Ground Truth and Finetuning Set, but names "
            f"{', '.join(map(repr, header)) or 'nothing'}"
        )
    return known


def _cell(line: Sequence[str], at: int) -> str:
    return line[at].strip() if at < len(line) else ""


class _Index:
    """The files of one folder, by name and by stem."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; name the one that holds the images")
        Image.init()
        readable = {
            end for end, form in Image.registered_extensions().items() if form in Image.OPEN
        }
        files = sorted(path for path in folder.iterdir() if path.is_file())
        self._by_name = {path.name: path for path in files}
        self._by_stem: dict[str, Path] = {}
        for path in sorted(files, key=_preference):
            if path.suffix.lower() in readable:
                self._by_stem.setdefault(path.stem, path)

    def find(self, name: str) -> Path | None:
        """The file called ``name``, or the preferred one of its stem."""
        exact = self._by_name.get(name)
        stems = (name, PurePath(name).stem)  # a name may lack its ending, and have a dot in it
        return exact or next((self._by_stem[s] for s in stems if s in self._by_stem), None)


def _preference(path: Path) -> tuple[int, str]:
    suffix = path.suffix.lower()
    return (_SUFFIXES.index(suffix) if suffix in _SUFFIXES else len(_SUFFIXES), path.name)


def _match(record: _Record, index: _Index) -> ManifestRow | Dropped:
    def drop(reason: DropReason, detail: str = "") -> Dropped:
        return Dropped(record.row, record.name, reason, detail)

    name = PureWindowsPath(record.name).name  # folders of either kind of slash
    if not name or _DAMAGED.fullmatch(name):
        return drop(DropReason.NO_NAME)
    if record.label.lower() not in set(ManifestLabel):
        return drop(DropReason.UNKNOWN_LABEL, record.label)
    if record.split.lower() not in _SPLITS:
        return drop(DropReason.UNKNOWN_SPLIT, record.split)
    path = index.find(name)
    if path is None:
        return drop(DropReason.UNMATCHED)
    return ManifestRow(
        row=record.row,
        name=record.name,
        path=path,
        label=ManifestLabel(record.label.lower()),
        source=SOURCE,
        split=_SPLITS[record.split.lower()],
    )


def _once_each(rows: Sequence[ManifestRow]) -> tuple[list[ManifestRow], list[Dropped]]:
    """The first row of each file; all rows of a file are dropped where their labels differ."""
    by_path: dict[Path, list[ManifestRow]] = defaultdict(list)
    for row in rows:
        by_path[row.path].append(row)
    kept: list[ManifestRow] = []
    dropped: list[Dropped] = []
    for same in by_path.values():
        if len({row.label for row in same}) > 1:
            dropped.extend(_also(same, same, DropReason.CONFLICT))
        else:
            kept.append(same[0])
            dropped.extend(_also(same[1:], same[:1], DropReason.DUPLICATE))
    return kept, dropped


def _also(
    rows: Sequence[ManifestRow], others: Sequence[ManifestRow], reason: DropReason
) -> Iterator[Dropped]:
    for row in rows:
        detail = listed(f"row {other.row} ({other.label})" for other in others if other is not row)
        yield Dropped(row.row, row.name, reason, f"same file as {detail}")


def _with_validation(
    metadata: Path, rows: Sequence[ManifestRow], seed: int
) -> tuple[ManifestRow, ...]:
    """A stratified fifth of the training rows becomes validation, as scikit-learn draws it."""
    from sklearn.model_selection import train_test_split

    train = [at for at, row in enumerate(rows) if row.split == "train"]
    try:
        _, val = train_test_split(
            train,
            test_size=VAL_SHARE,
            stratify=[rows[at].label for at in train],
            random_state=seed,
        )
    except ValueError as error:
        raise ManifestError(
            f"{metadata}: validation cannot be carved from {len(train)} training rows with files "
            f"({error}); real and fake images of set Train are both needed"
        ) from error
    moved: Mapping[int, ManifestRow] = {at: replace(rows[at], split="val") for at in val}
    return tuple(moved.get(at, row) for at, row in enumerate(rows))
