"""Security headers for every answer."""

from __future__ import annotations

from functools import cache

from starlette.types import Message, Send

from review_app.web.mounts import MOUNTS

PLAIN_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The policy of our own pages and answers: nothing inline, nothing from elsewhere."""

GRADIO_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio starts from inline scripts and compiles templates and event code in the browser.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "form-action 'self'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
"""The policy of the two mounts. Nothing from elsewhere either: whatever ran here could call
nobody."""

_ALWAYS = {
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with that, browsers send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
_OVER_TLS = {"strict-transport-security": "max-age=31536000"}
_FOREVER = "private, max-age=31536000, immutable"


def with_security_headers(send: Send, path: str, over_tls: bool) -> Send:
    """``send`` that puts the headers on whatever answer starts."""
    ours = _ours(path.startswith(MOUNTS), over_tls)

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message.get("headers", ()) if header[0] not in ours]
            # What people see depends on who they are, but for Gradio's own hashed scripts.
            if all(name != b"cache-control" for name, _ in headers):
                kept = _FOREVER if _is_hashed(path) else "no-store"
                headers.append((b"cache-control", kept.encode()))
            message["headers"] = [*headers, *ours.items()]
        await send(message)

    return send_with_headers


@cache
def _ours(of_gradio: bool, over_tls: bool) -> dict[bytes, bytes]:
    """The headers that every answer has, as they are sent; put together once."""
    policy = {"content-security-policy": GRADIO_POLICY if of_gradio else PLAIN_POLICY}
    told = _ALWAYS | policy | (_OVER_TLS if over_tls else {})
    return {name.encode(): value.encode() for name, value in told.items()}


def _is_hashed(path: str) -> bool:
    return path.startswith(tuple(f"{mount}/assets/" for mount in MOUNTS))
