"""The deployment's own secret: made at first use, kept beside its data, never a default."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from review_app.core.errors import SettingsError
from review_app.core.files import atomic_write

_BYTES = 32


def deployment_secret(data_dir: Path) -> bytes:
    """The secret of this data directory, readable by its owner only.

    The audit coins depend on it: keep it with the backups.

    Raises:
        SettingsError: the file is damaged.
        OSError: it cannot be read or made.
    """
    path = data_dir / "secret.key"
    if not path.exists():
        _make(path)
    secret = path.read_bytes()
    if len(secret) != _BYTES:
        raise SettingsError(
            f"{path} is damaged ({len(secret)} bytes); restore it from a backup, or delete it "
            "to draw new audit coins from now on"
        )
    return secret


def _make(path: Path) -> None:
    """Make a secret that appears whole or not at all; of two processes that make it one wins."""
    with (
        suppress(FileExistsError),
        atomic_write(path, mode=0o600, exclusive=True) as file,
    ):
        file.write(secrets.token_bytes(_BYTES))
