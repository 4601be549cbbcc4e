"""Images by address: fetched by this server, from the public internet and from nowhere else.

`core.outgoing` says what is connected to, and how. Here only the usual ports are taken, and size is
limited beside time.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass

from review_app.core.errors import AddressError, RefusalReason, RefusedFile
from review_app.core.outgoing import (
    PORTS,
    Destination,
    IpAddress,
    connected,
    is_public,
    resolved,
    split_address,
)
from review_app.i18n import Text

_HEADERS = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "deepfake-review"}


@dataclass(frozen=True)
class ImageFetcher:
    """Fetches one image at a time. ``seconds``: for all of it, from the connection to the last
    byte. ``may_reach`` and ``ports`` say what it connects to."""

    max_bytes: int
    seconds: float = 30
    may_reach: Callable[[IpAddress], bool] = is_public
    ports: frozenset[int] = frozenset(PORTS.values())

    def fetch(self, address: str) -> bytes:
        """The bytes at ``address``. Raises ``RefusedFile`` where they are not to be had."""
        try:
            to = self._destination(address)
        except AddressError as error:
            reason = RefusalReason.MISSING if error.is_unknown else RefusalReason.UNSUPPORTED
            raise _refused(address, reason, error.text) from error
        try:
            with connected(to, self.seconds) as connection:
                return self._read(address, to, connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = Text("fetching.failed", {"why": type(error).__name__})
            raise _refused(address, RefusalReason.UNREADABLE, why) from error

    def _destination(self, address: str) -> Destination:
        parts, port = split_address(address)
        if port not in self.ports:
            raise AddressError(Text("fetching.no_address"))
        return resolved(parts, port, self.may_reach)

    def _read(self, address: str, to: Destination, connection: http.client.HTTPConnection) -> bytes:
        connection.request("GET", to.target, headers=_HEADERS)
        with connection.getresponse() as answer:
            if answer.status != http.HTTPStatus.OK:
                why = Text("fetching.status", {"status": str(answer.status)})
                raise _refused(address, RefusalReason.MISSING, why)
            data, left = answer.read(self.max_bytes + 1), answer.length or 0
        if len(data) > self.max_bytes:
            values = {"size": len(data) + left, "most": self.max_bytes}
            why = Text("inspect.too_many_bytes", values)
            raise _refused(address, RefusalReason.TOO_LARGE, why)
        if left:  # the line went dead before all of it was here
            raise http.client.IncompleteRead(data, left)
        return data


def name_of(address: str) -> str:
    """What an image from ``address`` is called: without what follows a question mark, which may
    hold a secret."""
    return address.partition("?")[0].partition("#")[0]


def _refused(address: str, reason: RefusalReason, detail: str | Text) -> RefusedFile:
    return RefusedFile(name_of(address), reason, detail)
