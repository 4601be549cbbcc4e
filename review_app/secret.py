"""The deployment's own secret: made at first use, kept beside its data, never a default."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from review_app.errors import SettingsError

_BYTES = 32


def deployment_secret(data_dir: Path) -> bytes:
    """The secret of this data directory, readable by its owner only.

    The audit coins depend on it: keep it with the backups.
    """
    path = data_dir / "secret.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_bytes()
        if len(secret) != _BYTES:
            raise SettingsError(
                f"{path} is damaged ({len(secret)} bytes); restore it from a backup, or delete it "
                "to draw new audit coins from now on"
            ) from None
        return secret
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret := secrets.token_bytes(_BYTES))
    return secret
