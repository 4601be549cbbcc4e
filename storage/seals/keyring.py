"""The keys that the audit log is chained under, in a file of their own.

One key a line, in hexadecimal, oldest first. Old keys stay: what was sealed under one can be
verified with it alone. Which key is in use is for the log to say, as processes that share a
database must agree on it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from storage.seals.drafts import draft_of

BYTES = 32
FILE = "seal.key"
"""The file beside the database, unless told otherwise."""


class SealKeyError(RuntimeError):
    """The file of keys is missing, damaged, or not that of this audit log."""


def fingerprint(key: bytes) -> str:
    """What a key is called where everybody may read it."""
    return hashlib.sha256(b"seal key:" + key).hexdigest()[:16]


class Keyring:
    """Keys by fingerprint; read when first needed, and again when an unknown one is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[bytes]:
        """Every key, oldest first; none where there is no file."""
        if not self._keys:
            self._read()
        return iter(self._keys.values())

    def find(self, name: str) -> bytes | None:
        """The key of this fingerprint."""
        if name not in self._keys:
            self._read()
        return self._keys.get(name)

    def newest(self) -> bytes:
        """The key that a log begins with; the file is made if there is none.

        Raises:
            SealKeyError: the file cannot be read or made.
        """
        if not any(True for _ in self):
            self._make()
        return list(self)[-1]

    def add(self) -> str:
        """Append a new key; its fingerprint."""
        self._read()
        key = secrets.token_bytes(BYTES)
        try:
            _write(self.path, [*self, key])
        except OSError as error:
            raise SealKeyError(f"{self.path} cannot be written ({error.strerror})") from error
        self._read()
        return fingerprint(key)

    def _make(self) -> None:
        try:
            _write_new(self.path, [secrets.token_bytes(BYTES)])
        except OSError as error:
            raise SealKeyError(f"{self.path} cannot be made ({error.strerror})") from error
        self._read()

    def _read(self) -> None:
        try:
            lines = self.path.read_text("ascii").split()
            keys = [bytes.fromhex(line) for line in lines]
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise SealKeyError(f"the seal key {self.path} cannot be read ({error})") from error
        if not keys or any(len(key) != BYTES for key in keys):
            raise SealKeyError(f"the seal key {self.path} is damaged; restore it from a copy")
        self._keys = {fingerprint(key): key for key in keys}


def _lines(keys: list[bytes]) -> list[str]:
    return [key.hex() for key in keys]


def _write(path: Path, keys: list[bytes]) -> None:
    """Write in place of what is there, whole or not at all."""
    draft_of(path, ".seal-", _lines(keys)).replace(path)


def _write_new(path: Path, keys: list[bytes]) -> None:
    """Write what is not there yet; of two processes that make it one wins."""
    draft = draft_of(path, ".seal-", _lines(keys))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
