"""A manifest that lies in an archive beside its images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

from review_app.core.errors import ManifestError, RefusalReason, RefusedFile
from review_app.i18n import Text
from review_app.intake.archives import display_name
from review_app.intake.candidates import Candidate
from review_app.manifests.dialect import Dialect
from review_app.manifests.layout import label_of_path
from review_app.manifests.manifest import ManifestRow, parse_manifest, why_missing
from review_app.manifests.tables import SUFFIXES

Entry = tuple[str, Callable[[], bytes]]


def with_labels(
    archive: Path,
    found: Iterable[Entry | RefusedFile],
    dialect: Dialect,
    remarks: list[Text],
) -> Iterator[Candidate | RefusedFile]:
    """The files of ``archive`` with what the one table in it says of them.

    Its paths are names in the archive, relative to its own folder there. Rows without a file are
    refused, files without a row are taken as they are. Of several tables none is a manifest.
    """
    members = list(found)
    tables = [one for one in members if not isinstance(one, RefusedFile) and _is_table(one[0])]
    rows, refused = _rows(tables, dialect, remarks)
    if not rows:
        remarks += _labels_of_folders(archive, members)
    for one in members:
        if isinstance(one, RefusedFile):
            rows.pop(_plain(one.path), None)
            yield one
        elif not _is_table(one[0]):
            yield _candidate(one, rows.pop(_plain(one[0]), None))
    yield from refused
    for row in rows.values():
        why = why_missing(row) or "names a file that is not in the archive"
        name = display_name(f"{archive}: {row.name}")
        yield RefusedFile(name, RefusalReason.MISSING, f"row {row.row} of its manifest: {why}")


def _labels_of_folders(archive: Path, members: Iterable[Entry | RefusedFile]) -> Iterator[Text]:
    """Yield a note where folders in an archive without a manifest seem to be labels, which are not
    taken."""
    root = display_name(str(archive))
    names = (one[0] for one in members if not isinstance(one, RefusedFile))
    n = sum(label_of_path(PurePath(name).relative_to(root)) is not None for name in names)
    if n:
        yield Text("intake.labels_in_zip", {"n": n, "name": display_name(archive.name)})


def _is_table(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES


def _plain(name: str | Path) -> str:
    return os.path.normpath(name)


def _rows(
    tables: list[Entry], dialect: Dialect, remarks: list[Text]
) -> tuple[dict[str, ManifestRow], list[RefusedFile]]:
    """What the table says, by name in the archive; and the tables that say nothing."""
    if len(tables) > 1:
        detail = Text("intake.tables_in_zip", {"n": len(tables)})
        return {}, [RefusedFile(name, RefusalReason.NOT_AN_IMAGE, detail) for name, _ in tables]
    for name, read in tables:
        try:
            manifest = parse_manifest(Path(name), read(), dialect)
        except RefusedFile as refusal:
            return {}, [refusal]
        except ManifestError as error:
            return {}, [RefusedFile(name, RefusalReason.UNREADABLE, str(error))]
        if manifest.hint:
            remarks.append(manifest.hint)
        return {_plain(row.path): row for row in manifest.rows}, []
    return {}, []


def _candidate(entry: Entry, row: ManifestRow | None) -> Candidate:
    if row is None:
        return Candidate(*entry, packed=True)
    return Candidate(*entry, row.label, row.source, row.group, row.split, row.row, packed=True)
