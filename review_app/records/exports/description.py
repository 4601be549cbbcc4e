"""What lies beside each export: its counts and checksums, a datasheet in words, and metadata by
which machines find its columns (Croissant 1.0, https://docs.mlcommons.org/croissant/)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import indent
from typing import Any, Final

from review_app.manifests.exported import DESCRIPTION, KIND
from review_app.records.exports.values import Values, counted

VERSION: Final = 1
MANIFEST: Final = DESCRIPTION
DATASHEET: Final = "README.md"
CROISSANT: Final = "croissant.json"
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "jsonl": "application/jsonlines",
    "parquet": "application/x-parquet",
    "zip": "application/zip",
    "json": "application/json",
}
_NO_FILES: Final = b' "files": []\n}\n'
_DATA_TYPES: Final = {str: "sc:Text", int: "sc:Integer", float: "sc:Float", bool: "sc:Boolean"}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export."""

    name: str
    """Its path from where the manifest lies, with slashes."""
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class ColumnType:
    """A column of the export's tables."""

    name: str
    type: type
    meaning: str = ""
    """What it means, in English; empty where docs/exports.md alone explains it."""


@dataclass(frozen=True)
class Description:
    """What is to be said of an export."""

    form: str
    row_of: str
    """``image`` or ``answer``."""
    as_of: datetime
    """The moment whose state of the database it tells."""
    rows: int
    selection: Mapping[str, Any]
    """The conditions that were given, in words; empty for everything."""
    counts: Mapping[str, Mapping[str, int]]
    """How many rows have which label, label's source and state."""
    columns: Sequence[ColumnType]
    table: str
    """The name of the file that has the columns, or of that file in each archive."""
    files: Collection[ExportedFile]
    """The files, as many as there are images; each look at them goes through all."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many items are left out, by reason."""

    def manifest(self) -> Iterator[bytes]:
        """Counts and checksums, as JSON, piece by piece."""
        document = {
            "kind": KIND,
            "version": VERSION,
            "format": self.form,
            "row_of": self.row_of,
            "as_of": self.as_of.isoformat(),
            "rows": self.rows,
            "selection": self.selection,
            "counts": self.counts,
            "left_out": self.left_out,
            "columns": [column.name for column in self.columns],
            "files": [],
        }
        whole = _json(document)
        # As if the list had been in the document: but it may be as long as there are images.
        yield whole.removesuffix(_NO_FILES)
        between = b' "files": [\n'
        for one in self.files:
            told = {"path": one.name, "bytes": one.n_bytes, "sha256": one.sha256}
            yield between + indent(_json(told).decode().rstrip("\n"), "  ").encode()
            between = b",\n"
        yield b"\n ]\n}\n" if len(self.files) else _NO_FILES

    def datasheet(self) -> bytes:
        """How the labels came about, in words, as Markdown."""
        told = [f"- {name}: {_counted(found)}" for name, found in self.counts.items() if found]
        chosen = [f"- {name}: {value}" for name, value in self.selection.items()]
        left = [f"- {n} {reason.replace('_', ' ')}" for reason, n in self.left_out.items()]
        parts = [
            f"# Labels from deepfake-review, {self.as_of:%Y-%m-%d %H:%M} UTC",
            f"{self.rows} rows, one per {self.row_of}, in `{self.table}` ({self.form}). "
            f"`{MANIFEST}` has the counts and the SHA-256 of each file.",
            "## What is in it",
            *(["Only items with:\n\n" + "\n".join(chosen)] if chosen else ["Every item."]),
            "\n".join(told),
            *(["Left out:\n\n" + "\n".join(left)] if left else []),
            _WORDS,
        ]
        return ("\n\n".join(part for part in parts if part) + "\n").encode()

    def croissant(self) -> bytes:
        """The metadata of the data set, as JSON-LD."""
        fields = [
            {
                "@type": "cr:Field",
                "@id": f"rows/{column.name}",
                "name": column.name,
                "description": column.meaning or f"{column.name} of the {self.row_of}",
                "dataType": _DATA_TYPES[column.type],
                "source": self._source(column.name),
            }
            for column in self.columns
        ]
        document = {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": f"deepfake-review-{self.row_of}s-{self.as_of:%Y%m%dT%H%M%SZ}",
            "description": "What people hold images to be, real or fake, with what a detector said "
            "of them and how they came to be looked at.",
            "version": f"{VERSION}.0.0",
            "datePublished": f"{self.as_of:%Y-%m-%d}",
            "distribution": [
                {
                    "@type": "cr:FileObject",
                    "@id": one.name,
                    "name": one.name,
                    "contentUrl": one.name,
                    "contentSize": f"{one.n_bytes} B",
                    "encodingFormat": _MEDIA_TYPES[one.name.rpartition(".")[2]],
                    "sha256": one.sha256,
                }
                for one in self.files
                if one.name.rpartition(".")[2] in _MEDIA_TYPES  # images are in the manifest
            ]
            + self._packed(),
            "recordSet": [
                {"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}
            ],
        }
        return _json(document)

    def _packed(self) -> list[dict[str, Any]]:
        """The tables in archives, where the export is packed in some."""
        archives = [{"@id": one.name} for one in self.files if one.name.endswith(".zip")]
        if not archives:
            return []
        return [
            {
                "@type": "cr:FileSet",
                "@id": self.table,
                "containedIn": archives,
                "encodingFormat": _MEDIA_TYPES["jsonl"],
                "includes": f"*{self.table}",
            }
        ]

    def _source(self, column: str) -> dict[str, Any]:
        """The place where a column's values are found."""
        kind = "fileSet" if self._packed() else "fileObject"
        is_tree = self.table.endswith(".json")
        how = {"jsonPath": f"$.images[*].{column}"} if is_tree else {"column": column}
        return {kind: {"@id": self.table}, "extract": how}


@dataclass
class Tally:
    """How many rows have which value, of the columns where that is worth telling."""

    found: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, columns: Sequence[Any], batch: Sequence[Values]) -> None:
        """Count the rows of ``batch``, whose values are those of ``columns``."""
        for column, values in zip(columns, batch, strict=True):
            if column.name in _COUNTED:
                counter = self.found.setdefault(column.name, Counter())
                for value, n in counted(values).items():
                    counter["none" if value is None else str(value)] += n

    def to_json(self) -> dict[str, dict[str, int]]:
        """The counts by column, the values in alphabetical order."""
        return {name: dict(sorted(counter.items())) for name, counter in self.found.items()}


_COUNTED: Final = ("label", "label_source", "answer", "state")


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {value}" for value, n in found.items())


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_WORDS: Final = """\
## How the labels came about

People looked at images before they were told what the detector thinks, unless an admin chose
otherwise. Where several answered, the verdict is what a strict majority said, by the weight of
their answers where an admin chose so, or what an adjudicator decided. `label_source` tells
`reviewer`, `known` (the label came with the image) and `correction` (an admin put it right later)
apart. What the policy accepted by itself is no label.

## How to weigh them

Images were not drawn alike: the detector chose which ones people saw. `inclusion_probability` is
the chance, known beforehand, that an image got to people; one over it is its weight, and makes the
labelled images stand for the stream. Corrections were found by looking, so no such chance exists:
each stands for itself. Rates without weights are rates of what was hard, not of what came in.

## What is left out

Answers that their authors can still take back are counted (`not_final`) and told nothing of.
Accounts go by pseudonyms. Names of files and comments are as they came, and may name people.

## What it is not for

Labels on which a certificate rests do not certify a detector that has learned from them."""
