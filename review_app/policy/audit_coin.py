"""The audit coin: which accepted images people check blindly, to keep testing the certificate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from review_app.core.errors import InputError, SettingsError

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PATH = re.compile(r"path:.+", re.DOTALL)
_BLOCK: Final = 64
"""The bytes of a block of SHA-256."""


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
    # HMAC as RFC 2104 has it: what all images have in common is hashed once. The standard library's
    # own takes three times as long.
    padded = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(
        _BLOCK, b"\0"
    )
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    inner.update(f"audit-coin:{policy_version}:".encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
    drawn = bytearray()
    for key in keys:
        first, second = inner.copy(), outer.copy()
        first.update(_canonical(key).encode())
        second.update(first.digest())
        drawn += second.digest()
    numbers = np.frombuffer(drawn, ">u8")[:: hashlib.sha256().digest_size // 8]
    coins: list[float] = ((numbers >> np.uint64(11)) / 2.0**53).tolist()  # 53 bits: exact
    return coins


def _canonical(key: str) -> str:
    if _SHA256.fullmatch(key):
        return key.lower()
    if not _PATH.fullmatch(key):
        raise InputError(f"{key!r} is no SHA-256: 64 hexadecimal digits are needed, or path:...")
    return key
