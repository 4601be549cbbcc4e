"""A backup is compared with what its manifest says."""

from __future__ import annotations

from pathlib import Path

from review_app.core.errors import InputError
from review_app.durability.backup.content import Content
from review_app.durability.backup.copying import hash_of
from review_app.durability.backup.manifest import DATABASE, BackupManifest
from storage.snapshot import Progress

_TOLD = 3


def verify(
    backup: Path,
    manifest: BackupManifest,
    progress: Progress = lambda done, total: None,
) -> None:
    """Read every file of ``backup`` again.

    Raises:
        InputError: files are missing or others than the manifest says, or the database is damaged.
    """
    bad = []
    for done, (path, entry) in enumerate(manifest.files.items(), start=1):
        try:
            if hash_of(backup / path) != entry:
                bad.append(f"{path} was changed")
        except OSError as error:
            bad.append(f"{path} cannot be read ({error.strerror})")
        progress(done, len(manifest.files))
    if bad:
        more = f", and {len(bad) - _TOLD} more" if len(bad) > _TOLD else ""
        raise InputError(
            f"{backup} is not the backup that was made: {'; '.join(bad[:_TOLD])}{more}. "
            "Use another backup"
        )
    content = Content(backup / DATABASE)
    if damage := content.damage():
        raise InputError(f"the database in {backup} is damaged ({damage}); use another backup")
    if (content.counts(), content.audit_head()) != (manifest.counts, manifest.audit_log):
        raise InputError(f"the database in {backup} holds another number of rows than it should")
