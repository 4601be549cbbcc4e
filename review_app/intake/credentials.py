"""Content credentials (C2PA): who signed what about a file, checked here, never over the network.

Needs the extra ``c2pa``; without it a file that has some is told apart from one that has none.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import SettingsError
from review_app.intake.decode import DecodedImage
from review_app.intake.metadata import Json, clean

try:
    import c2pa
except ImportError:
    C2PA_AVAILABLE = False
else:
    C2PA_AVAILABLE = True

_MEDIA_TYPES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
}
_STATES: Final = {"Trusted": "trusted", "Valid": "valid"}
_MAX_TOLD: Final = 20
log = logging.getLogger(__name__)


class Credentials:
    """A reader of content credentials; ``anchors`` (PEM certificates) are who is trusted.

    Raises:
        SettingsError: the file of ``anchors`` cannot be read.
    """

    def __init__(self, anchors: Path | None = None) -> None:
        self._settings: dict[str, Any] = {
            # Nothing is fetched: what a file names may be anywhere, and would tell that it is read.
            "verify": {
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
                "verify_trust": True,
            },
            "core": {"allowed_network_hosts": []},
        }
        if anchors is not None:
            try:
                self._settings["trust"] = {"trust_anchors": anchors.read_text()}
            except (OSError, ValueError) as error:
                raise SettingsError(
                    f"REVIEW_C2PA_TRUST: {anchors} cannot be read as certificates ({error})"
                ) from error

    def beside(self, data: bytes, decoded: DecodedImage) -> dict[str, Json]:
        """The metadata of the file in ``data``, and its content credentials under ``c2pa``. Keys as
        `read_metadata` and `read` have them."""
        signed = self.read(data, decoded.format)
        return decoded.metadata if signed is None else decoded.metadata | {"c2pa": signed}

    def read(self, data: bytes, format_name: str) -> dict[str, Json] | None:
        """What the file of that format (Pillow's name) is signed to be; None where it has no
        credentials.

        ``state``: ``trusted`` (whole, and signed by somebody trusted), ``valid`` (whole, the signer
        is unknown), ``broken`` (changed since, or never right) or ``unchecked`` (the extra is not
        installed). Where it could be read also ``signer``, ``generator`` (what made the manifest),
        ``sources`` (IPTC digital source types, the newest first) and ``faults``.
        """
        if b"c2pa" not in data or b"jumb" not in data or format_name not in _MEDIA_TYPES:
            return None
        if not C2PA_AVAILABLE:
            return {"state": "unchecked"}
        try:
            with c2pa.Context.from_dict(self._settings) as context:
                return _read(data, _MEDIA_TYPES[format_name], context)
        except c2pa.C2paError.ManifestNotFound:
            return None
        except Exception as error:  # whatever the library stumbles on in hostile bytes
            log.debug("content credentials cannot be read: %s", error)
            return {"state": "broken"}


def _read(data: bytes, media_type: str, context: Any) -> dict[str, Json] | None:
    with c2pa.Reader(media_type, BytesIO(data), context=context) as reader:
        state = reader.get_validation_state()
        document = json.loads(reader.json())
    manifests = document.get("manifests") or {}
    active = manifests.get(document.get("active_manifest")) or {}
    signature = active.get("signature_info") or {}
    told: dict[str, Json] = {
        "state": _STATES.get(state, "broken"),
        "signer": clean(str(signature.get("common_name") or signature.get("issuer") or ""), 200),
        "generator": clean(_generator(active), 200),
        "sources": [*dict.fromkeys(_sources(active, manifests))][:_MAX_TOLD],
        "faults": [*_faults(document)][:_MAX_TOLD],
    }
    return {key: value for key, value in told.items() if value}


def _generator(manifest: Mapping[str, Any]) -> str:
    for info in manifest.get("claim_generator_info") or ():
        return f"{info.get('name', '')} {info.get('version', '')}".strip()
    return str(manifest.get("claim_generator") or "")


def _sources(active: Mapping[str, Any], manifests: Mapping[str, Any]) -> Iterator[Json]:
    """The digital source types of all actions, those of the newest manifest first."""
    for manifest in (active, *manifests.values()):
        for assertion in manifest.get("assertions") or ():
            if str(assertion.get("label", "")).startswith("c2pa.actions"):
                for action in (assertion.get("data") or {}).get("actions") or ():
                    kind = action.get("digitalSourceType")
                    if isinstance(kind, str):
                        yield clean(kind.rstrip("/").rsplit("/", 1)[-1], 80)


def _faults(document: Mapping[str, Any]) -> Iterator[Json]:
    for status in document.get("validation_status") or ():
        yield clean(str(status.get("code", "")), 80)
