"""The manifest of a backup: ``manifest.json``, which names every other file with its hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from review_app.core.errors import InputError
from review_app.core.settings import DESK_NAME_PATTERN

NAME = "manifest.json"
DATABASE = "review.db"
FORMAT = 1


def _inside(path: str) -> str:
    """Refuse a path that leaves the folder: a manifest may come from anywhere."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ":" in parts[0] or ".." in parts:
        raise ValueError("a path must stay inside the backup")
    if path in (NAME, ".") or PurePosixPath(path).as_posix() != path:
        raise ValueError("a path must be written plainly")
    return path


InnerPath = Annotated[str, AfterValidator(_inside)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """A file of the backup."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    n_bytes: int = Field(ge=0)


class OmittedFile(_Part):
    """A file that the database refers to, and that could not be backed up as what it should be."""

    path: str
    why: str


class AuditHead(_Part):
    """The newest event of the audit log."""

    event: int
    hash: str


class BackupManifest(_Part):
    """A list of what a backup holds, and of what."""

    format: int = FORMAT
    program: str
    """Version of the program that made it."""
    schema_revision: str
    made_at: datetime
    counts: dict[str, int]
    """Rows of some tables, for people to compare."""
    audit_log: AuditHead | None
    files: dict[InnerPath, Entry]
    left_out: list[OmittedFile]
    desks: list[Annotated[str, Field(pattern=DESK_NAME_PATTERN)]] = []
    """Desks whose own backups lie in the folder ``desks``, each under its name."""

    @property
    def n_bytes(self) -> int:
        """The bytes of all files together."""
        return sum(entry.n_bytes for entry in self.files.values())


def read_manifest(backup: Path) -> BackupManifest:
    """The manifest of the folder ``backup``.

    Raises:
        InputError: there is none, or not one that this program knows.
    """
    path = backup / NAME
    try:
        manifest = BackupManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); name a folder that the command backup made"
        ) from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(f"{path} is no manifest of a backup ({where}); it was changed") from error
    if manifest.format != FORMAT:
        raise InputError(
            f"{backup} is of format {manifest.format}, this program knows {FORMAT}; "
            "use the program that made it"
        )
    if DATABASE not in manifest.files:
        raise InputError(f"{path} names no {DATABASE}; it was changed")
    return manifest


def folders(paths: Iterable[str]) -> list[PurePosixPath]:
    """Every folder that files of these paths lie in, outer ones first."""
    found = {parent for path in paths for parent in PurePosixPath(path).parents}
    return sorted(found - {PurePosixPath(".")}, key=lambda folder: len(folder.parts))
