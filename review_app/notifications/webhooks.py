"""Calls to the addresses of subscriptions.

`core.outgoing` guards them: to the internet by https alone; into the networks that a setting names,
by http, too. Any 2xx is a receipt; everything else is tried again, redirects among it, which nobody
follows. Of what the receiver says nothing is kept but the status.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import SplitResult

from review_app.core.errors import AddressError
from review_app.core.outgoing import (
    Destination,
    IpAddress,
    connected,
    is_public,
    resolved,
    split_address,
)
from review_app.i18n import Text
from review_app.notifications.outcome import SendOutcome

SECONDS = 10.0
"""The time of one call, from the connection to the end of the answer's head."""
_HEADERS = {"content-type": "application/json", "user-agent": "deepfake-review"}
_ASKS_FOR_TIME = frozenset({429, 503})


@dataclass(frozen=True)
class WebhookCaller:
    """Calls addresses. ``networks``: which may be reached although they are not public.

    ``seconds``: for all of a call.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    seconds: float = SECONDS

    def check(self, address: str) -> None:
        """Raise ``AddressError`` where calls to ``address`` would be refused whatever it means."""
        parts, _ = split_address(address)
        if parts.scheme != "https" and not self.networks:
            raise AddressError(Text("alerts.https_only"))

    def post(self, address: str, headers: Mapping[str, str], body: bytes) -> SendOutcome:
        """Call ``address``; what came of it. Never raises."""
        try:
            to = self._destination(*split_address(address))
        except AddressError as error:
            return SendOutcome(str(error))
        until = time.monotonic() + self.seconds
        try:
            with connected(to, self.seconds) as connection:
                connection.request("POST", to.target, body, {**_HEADERS, **headers})
                with connection.getresponse() as answer:
                    return _outcome(answer.status, answer.headers.get("retry-after", ""))
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= until:
                return SendOutcome(f"no answer within {self.seconds:g} seconds")
            return SendOutcome(f"the call failed ({type(error).__name__})")

    def _destination(self, parts: SplitResult, port: int) -> Destination:
        to = resolved(parts, port, self._may_reach)
        if parts.scheme != "https" and not self._is_named(to.host):
            raise AddressError(Text("alerts.https_only"))
        return to

    def _may_reach(self, address: IpAddress) -> bool:
        return is_public(address) or self._is_named(address)

    def _is_named(self, address: IpAddress) -> bool:
        return any(
            address.version == network.version and address in network for network in self.networks
        )


def _outcome(status: int, retry_after: str) -> SendOutcome:
    if 200 <= status < 300:
        return SendOutcome(status=status)
    asked = float(retry_after) if status in _ASKS_FOR_TIME and retry_after.isdecimal() else None
    return SendOutcome(f"the receiver answered with status {status}", status, asked)
