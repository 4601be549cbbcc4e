"""Passwords and tokens: made, hashed, compared.

Tokens are 256 random bits; the database keeps only their SHA-256, so a copy of it signs nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from review_app.core.errors import InputError
from review_app.i18n import Text

MIN_PASSWORD, MAX_PASSWORD = 10, 1024
"""Characters."""
# One lane: several would take every core for each check, also from whoever signs in beside it.
_hasher = PasswordHasher(parallelism=1)


def _hash_of_nothing() -> str:
    """A hash of the same cost that no password has: what would be its result is drawn by lot."""
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, result = (
        b64encode(secrets.token_bytes(n)).decode().rstrip("=")
        for n in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v=19${cost}${salt}${result}"


# Verified against when the name is unknown, so that the answer takes as long either way.
_NOBODY = _hash_of_nothing()


def hash_password(password: str) -> str:
    """Argon2id of ``password``, slow on purpose. Raises ``InputError`` for an unusable one."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        values = {"least": MIN_PASSWORD, "most": MAX_PASSWORD}
        raise InputError(Text("people.password_length", values))
    return _hasher.hash(password)


def is_password(hashed: str | None, password: str) -> bool:
    """Whether ``password`` is the one that was hashed; as slow where there is none."""
    try:
        # Cut, so that nobody makes the hash work through megabytes.
        return _hasher.verify(hashed or _NOBODY, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


def renewed(hashed: str, password: str) -> str | None:
    """Another hash of a password that is known to be right, where ``hashed`` is of older making."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(hashed) else None


def new_token() -> str:
    """256 random bits, as text that an address or a cookie can hold."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of ``token``."""
    return hashlib.sha256(token.encode()).hexdigest()
