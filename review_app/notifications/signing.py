"""Signatures of calls, in the manner of Standard Webhooks. Pure.

A secret is not stored: it is derived from the deployment's own, which lies outside of the database,
and from what the subscription's row has. So a copy of the database signs nothing.
https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
_PURPOSE = b"deepfake-review webhook 1\n"


def signing_secret(deployment: bytes, salt: str) -> str:
    """The secret of a subscription, as its receiver is given it once: ``whsec_`` and Base64."""
    derived = hmac.digest(deployment, _PURPOSE + salt.encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(derived).decode()


def signed_headers(
    secrets: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """What goes before ``body``: who receives it makes the signature, too, and compares.

    Of several ``secrets`` each signs, and a receiver may have any of them. ``timestamp``, in
    seconds since 1970, is that of this try, so that a call that somebody recorded cannot be sent
    again later.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
