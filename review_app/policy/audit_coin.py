"""The audit coin: which accepted images people check blindly, to keep testing the certificate."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from review_app.core.errors import InputError, SettingsError

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PATH = re.compile(r"path:.+", re.DOTALL)


def audit_coin(key: str, policy_version: int, secret: bytes) -> float:
    """The coin of an image under a policy version, uniform in [0, 1).

    ``key``: the image's SHA-256, or ``path:...`` where only its path is known.

    HMAC-SHA256 under a secret of the deployment: drawn again it is the same, and nobody who uploads
    an image can foresee it. A new policy version draws anew.

    Raises:
        InputError: ``key`` is neither.
        SettingsError: the secret is shorter than 16 bytes.
    """
    return audit_coins([key], policy_version, secret)[0]


def audit_coins(keys: Iterable[str], policy_version: int, secret: bytes) -> list[float]:
    """The coin of each image, as `audit_coin` draws it."""
    if len(secret) < 16:
        raise SettingsError("The audit secret is too short to be one; set at least 16 bytes.")
    begun = hmac.new(secret, f"audit-coin:{policy_version}:".encode(), hashlib.sha256)

    def draw(key: str) -> float:
        drawn = begun.copy()
        drawn.update(_canonical(key).encode())
        return (
            int.from_bytes(drawn.digest()[:8], "big") >> 11
        ) / 2**53  # 53 bits: exact in a double

    return [draw(key) for key in keys]


def _canonical(key: str) -> str:
    if _SHA256.fullmatch(key):
        return key.lower()
    if not _PATH.fullmatch(key):
        raise InputError(f"{key!r} is no SHA-256: 64 hexadecimal digits are needed, or path:...")
    return key
