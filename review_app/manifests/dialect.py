"""A dialect is what a manifest calls its columns and labels; here is what to do where it has other
names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from review_app.core.errors import InputError
from review_app.i18n import Text
from review_app.manifests.labels import ManifestLabel, label_of_word
from review_app.manifests.tables import plain_name

COLUMNS: Final = ("path", "label", "source", "group", "split", "generator", "weight")
_USUAL: Final = {
    "path": (
        *("file", "filename", "file_name", "filepath", "file_path", "image", "image_path"),
        *("image_file", "img", "img_path", "name", "url", "id"),
    ),
    "label": (
        *("class", "target", "is_fake", "fake", "is_real", "real", "y", "gt", "ground_truth"),
        *("truth", "labels", "category", "verdict"),
    ),
}
"""How other people call what we call otherwise: for advice alone, nothing is taken for granted."""
_FAKE_IF: Final = {
    "1": ManifestLabel.FAKE,
    "true": ManifestLabel.FAKE,
    "0": ManifestLabel.REAL,
    "false": ManifestLabel.REAL,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names that one file has for things."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Its column (as `plain_name` has it) → the one of `COLUMNS` that it is."""
    labels: Mapping[str, ManifestLabel] = field(default_factory=dict)
    """Its word in lower case → label, before the words that are known anyway."""

    def label(self, word: str) -> ManifestLabel | None:
        """The label that ``word`` means; None where nobody said so."""
        plain = word.lower()
        # Where some rows have no label, tables hold 1 as 1.0.
        found = self.labels.get(plain) or self.labels.get(plain.removesuffix(".0"))
        return found or label_of_word(word)

    def names(self, columns: Iterable[str]) -> set[str]:
        """Which of `COLUMNS` occur."""
        plain = {plain_name(column) for column in columns}
        return {self.columns.get(name, name) for name in plain} & set(COLUMNS)

    def label_advice(self, words: Iterable[str]) -> str:
        """How to say what each of ``words`` means."""
        distinct = list(dict.fromkeys(words))[:4]
        options = (
            f"--map-label {word if word.isalnum() else repr(word)}="
            f"{_FAKE_IF.get(word.lower(), 'real|fake')}"
            for word in distinct
        )
        return f"say what each means ({_WHERE}), if so: {' '.join(options)}"


OWN: Final = Dialect()
"""The names of this program, and no others."""
_WHERE: Final = "ingest and dataset make take it"


def dialect(columns: Iterable[str] = (), labels: Iterable[str] = ()) -> Dialect:
    """The dialect that the options ``--map`` (``filename=path``) and ``--map-label`` (``1=fake``)
    describe.

    Raises:
        InputError: an option is no such pair, or two say different things.
    """
    return Dialect(_columns(columns), _labels(labels))


def _columns(pairs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in pairs:
        theirs, ours = map(plain_name, _pair("--map", text, "filename=path"))
        if ours not in COLUMNS and theirs in COLUMNS:
            theirs, ours = ours, theirs  # the other way round leaves no doubt either
        if ours not in COLUMNS:
            raise InputError(f"--map {text}: {ours!r} is none of {', '.join(COLUMNS)}")
        if found.get(theirs, ours) != ours or ours in (set(found.values()) - {found.get(theirs)}):
            raise InputError(f"--map {text}: said twice, and differently; keep one")
        found[theirs] = ours
    return found


def _labels(pairs: Iterable[str]) -> dict[str, ManifestLabel]:
    found: dict[str, ManifestLabel] = {}
    for text in pairs:
        word, meaning = _pair("--map-label", text, "1=fake")
        label = label_of_word(meaning)
        if label is None:
            raise InputError(f"--map-label {text}: {meaning!r} is neither real nor fake")
        if found.setdefault(word.lower(), label) is not label:
            raise InputError(f"--map-label {text}: said twice, and differently; keep one")
    return found


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    left, sign, right = text.rpartition("=")
    if not (sign and left.strip() and right.strip()):
        raise InputError(f"{option} {text}: write it as {option} {example}")
    return left.strip(), right.strip()


def advice(name: str, columns: Sequence[str]) -> str:
    """What to do about the file ``name`` without the column ``path``."""
    likely = _likely("path", columns)
    if likely:
        return (
            f"if {likely!r} holds the paths: --map {likely}=path ({_WHERE}), as in "
            f"deepfake-review dataset make {name} manifest.csv --map {likely}=path"
        )
    return (
        "row 1 must name the columns, separated by commas; or say which one holds the paths: "
        f"--map COLUMN=path ({_WHERE})"
    )


def hint(name: str, columns: Sequence[str]) -> Text | None:
    """What to do where no label was read of the file ``name``, though a column may hold some."""
    likely = _likely("label", columns)
    if likely is None or "label" in map(plain_name, columns):
        return None
    return Text("intake.no_label_column", {"name": name, "column": likely})


def _likely(ours: str, columns: Sequence[str]) -> str | None:
    plain = [plain_name(column) for column in columns]
    return next((name for name in _USUAL[ours] if name in plain), None)
