"""Files signed with content credentials, by an authority made on the spot."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "TIFF": "image/tiff",
}


class Authority:
    """A root certificate, and a signer that it vouches for."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self._root_key = ec.generate_private_key(ec.SECP256R1())
        signer_key = ec.generate_private_key(ec.SECP256R1())
        self.root: bytes = self._certificate("Root", self._root_key.public_key(), is_root=True)
        self.chain: bytes = self._certificate("Signer", signer_key.public_key()) + self.root
        self.key: bytes = signer_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _certificate(self, subject: str, key: Any, *, is_root: bool = False) -> bytes:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        def named(name: str) -> x509.Name:
            organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Works")
            return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])

        now = datetime.now(UTC)
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        usage |= {"encipher_only": False, "decipher_only": False}
        usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("Root"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(issuer_key, critical=False)
        )
        if not is_root:
            email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(email, critical=False)
        signed_one = builder.sign(self._root_key, hashes.SHA256())
        return bytes(signed_one.public_bytes(serialization.Encoding.PEM))


def signed(data: bytes, format_name: str, authority: Authority, source: str) -> bytes:
    """The file with credentials that say it was created, its digital source type ``source``."""
    import c2pa

    created = {
        "action": "c2pa.created",
        "digitalSourceType": source,
        "softwareAgent": {"name": "Example Painter"},
    }
    manifest = {
        "claim_generator_info": [{"name": "Example Painter", "version": "1"}],
        "title": "signed",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    info = c2pa.C2paSignerInfo(b"es256", authority.chain, authority.key, None)
    out = io.BytesIO()
    with c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(c2pa.Signer.from_info(info), MEDIA_TYPES[format_name], io.BytesIO(data), out)
    return out.getvalue()
