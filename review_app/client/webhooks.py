"""What a program that receives webhooks needs: whether a call is from the server, and what it says.

Signatures are those of Standard Webhooks (https://www.standardwebhooks.com), so any library for
that will do as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

TOLERANCE = 300.0
"""Seconds by which the clocks of both may differ: what is older was recorded, perhaps."""
_PREFIX = "whsec_"


class SignatureError(ValueError):
    """The call is not from the server, was changed on its way, or is an old one sent again."""


def verify_signature(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> dict[str, Any]:
    """The document that ``body`` holds, once it is certain that who has ``secret``, or one of them,
    sent it lately. While a secret is rotated the server signs by both, so either one will do.

    ``headers`` in any case; ``body`` as it came, not parsed and written again. The same event may
    come more than once: it has the same ``id`` each time, and of two about the same image the one
    with the larger ``sequence`` is the later.

    Raises:
        SignatureError: why it is not to be believed.
    """
    said = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = said["webhook-id"], said["webhook-timestamp"]
        signatures = said["webhook-signature"].split()
        age = (time.time() if now is None else now) - int(sent)
        keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    except KeyError as error:
        raise SignatureError(f"the header {error.args[0]} is missing") from error
    except (ValueError, binascii.Error) as error:
        raise SignatureError("the time or the secret cannot be read") from error
    if abs(age) > tolerance:
        raise SignatureError("the call is too old, or from the future")
    signed = f"{message_id}.{sent}.".encode() + body
    wanted = [_signature(key, signed) for key in keys]
    if not any(hmac.compare_digest(one, given.encode()) for one in wanted for given in signatures):
        raise SignatureError("the signature is not that of this secret")
    return _document(body)


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise SignatureError("the body is no JSON") from error
    if not isinstance(document, dict):
        raise SignatureError("the body is no document")
    return document
