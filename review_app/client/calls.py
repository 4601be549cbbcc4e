"""What the clients send and are told, and when they try again: all but the waiting itself."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import httpx

GivenFile = Path | tuple[str, bytes]
"""An image to be added: a file, or a name and the bytes."""

WEBHOOKS = "/api/v1/webhooks"
LONGEST_WAIT = 60
"""Seconds that the server waits in one call."""
_AGAIN = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
Told = TypeVar("Told")


class ApiProblem(Exception):  # noqa: N818 - RFC 9457's word for it
    """Why a call came to nothing. ``code`` stays the same over releases; docs/api.md lists all."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float | None) -> None:
        super().__init__(f"{code} ({status}): {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


@dataclass(frozen=True)
class Added:
    """What became of an image that was sent."""

    name: str
    outcome: str
    """``new``, ``known`` or ``refused``."""
    item_id: int | None
    sha256: str | None
    reason: str | None
    detail: str | None


@dataclass(frozen=True)
class ImageDecision:
    """How an image stands. What was decided is None while people have yet to judge it."""

    item_id: int
    name: str
    sha256: str | None
    source: str | None
    state: str
    since: str
    settled: bool
    verdict: str | None
    corrected: bool | None
    final: bool | None
    certified: bool | None
    p_fake: float | None
    std: float | None
    score: float | None
    novelty: float | None
    policy_version: int | None


@dataclass(frozen=True)
class Page:
    """Some images, and where the next page begins; None at the end."""

    images: tuple[ImageDecision, ...]
    older: int | None


@dataclass(frozen=True)
class WebhookView:
    """A webhook as it stands."""

    webhook_id: int
    name: str
    address: str
    topics: tuple[str, ...]
    added_by: str | None
    made_by: str
    made_at: str
    cursor: int
    open: int
    dead: int
    paused_at: str | None
    former_secret_until: str | None


@dataclass(frozen=True)
class ApiCall:
    """A call as it is sent, again and again if need be: always under the same key."""

    method: str
    path: str
    more: dict[str, Any] = field(default_factory=dict)
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What goes before it."""
        return {} if self.key is None else {"idempotency-key": self.key}


def posted(path: str, **more: Any) -> ApiCall:
    """A call that changes something, under a key of its own, so that it is done once."""
    return ApiCall("POST", path, more, str(uuid.uuid4()))


def adding(files: Sequence[GivenFile], source: str | None) -> ApiCall:
    """The call that adds ``files``, which are read now."""
    named = [(one.name, one.read_bytes()) if isinstance(one, Path) else one for one in files]
    parts = [("files", part) for part in named]
    return posted("/api/v1/images", files=parts, data={} if source is None else {"source": source})


def fetching(addresses: Sequence[str], source: str | None) -> ApiCall:
    """The call that has the server fetch images."""
    body = {"addresses": list(addresses), "source": source}
    return posted("/api/v1/images/by-address", json=body)


def labelling(item_id: int, value: str, comment: str) -> ApiCall:
    """The call that keeps an answer."""
    body = {"item_id": item_id, "value": value, "comment": comment}
    return posted("/api/v1/labels", json=body)


def correcting(item_id: int, value: str, reason: str) -> ApiCall:
    """The call that puts a verdict right."""
    body = {"item_id": item_id, "value": value, "reason": reason}
    return posted("/api/v1/corrections", json=body)


def reading(item_id: int) -> ApiCall:
    """The call that tells how an image stands."""
    return ApiCall("GET", f"/api/v1/images/{item_id}")


def listing(below: int | None, **terms: str | int | bool | None) -> ApiCall:
    """The call that lists images."""
    given = {**terms, "below": below}
    query = {name: value for name, value in given.items() if value is not None}
    return ApiCall("GET", "/api/v1/images", {"params": query})


def waiting(item_id: int, seconds: float) -> ApiCall:
    """The call that waits for an image, for so long or as long as the server does."""
    query = {"seconds": math.ceil(max(0, min(LONGEST_WAIT, seconds)))}
    return ApiCall("GET", f"/api/v1/images/{item_id}/wait", {"params": query})


def subscribing(
    name: str, address: str, topics: Sequence[str] | None, *, all_images: bool
) -> ApiCall:
    """The call that makes a webhook. It has no key: its answer, which holds a secret, is not kept
    to be given again."""
    body: dict[str, Any] = {"name": name, "address": address, "all_images": all_images}
    if topics is not None:
        body["topics"] = list(topics)
    return ApiCall("POST", WEBHOOKS, {"json": body})


def listing_webhooks() -> ApiCall:
    """The call that lists webhooks."""
    return ApiCall("GET", WEBHOOKS)


def unsubscribing(webhook_id: int) -> ApiCall:
    """The call that ends a webhook."""
    return ApiCall("DELETE", f"{WEBHOOKS}/{webhook_id}")


def replaying(webhook_id: int, after: int) -> ApiCall:
    """The call that has events told again."""
    return ApiCall("POST", f"{WEBHOOKS}/{webhook_id}/replay", {"json": {"after": after}})


def rotating(webhook_id: int, overlap_hours: float) -> ApiCall:
    """The call that gives a webhook another secret. It has no key, as that which makes one."""
    body = {"overlap_hours": overlap_hours}
    return ApiCall("POST", f"{WEBHOOKS}/{webhook_id}/rotate", {"json": body})


def pausing(webhook_id: int) -> ApiCall:
    """The call that has a webhook told of nothing."""
    return ApiCall("POST", f"{WEBHOOKS}/{webhook_id}/pause")


def resuming(webhook_id: int) -> ApiCall:
    """The call that has it told again."""
    return ApiCall("POST", f"{WEBHOOKS}/{webhook_id}/resume")


def told_as(kind: type[Told], document: Mapping[str, Any]) -> Told:
    """``document`` as ``kind``; what a later server tells besides is left out."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: document[name] for name in names})


def added_of(document: Mapping[str, Any]) -> list[Added]:
    """What became of each image that was sent, in order."""
    return [told_as(Added, one) for one in document["images"]]


def webhook_of(document: Mapping[str, Any]) -> WebhookView:
    """A webhook."""
    return told_as(WebhookView, {**document, "topics": tuple(document["topics"])})


def made_of(document: Mapping[str, Any]) -> tuple[WebhookView, str]:
    """A webhook that was just made, and its secret."""
    return webhook_of(document["webhook"]), document["secret"]


def webhooks_of(document: Mapping[str, Any]) -> list[WebhookView]:
    """Webhooks, the oldest first."""
    return [webhook_of(one) for one in document["webhooks"]]


def page_of(document: Mapping[str, Any]) -> Page:
    """A page of images."""
    return Page(tuple(told_as(ImageDecision, one) for one in document["images"]), document["older"])


def pauses(retries: int) -> Iterator[float]:
    """Seconds before each further try: twice as long each time."""
    yield from (min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**n) for n in range(retries))


def pause_before_next(answer: httpx.Response | None, pause: float) -> float | None:
    """Seconds until the call is sent again; None where ``answer`` is what it is. Without one, the
    line broke. What the server says in ``Retry-After`` is the least."""
    if answer is None:
        return pause
    if answer.status_code not in _AGAIN:
        return None
    said = answer.headers.get("retry-after", "")
    return max(pause, float(said)) if said.isdecimal() else pause


def require_good(answer: httpx.Response) -> httpx.Response:
    """Return ``answer`` where the call came to something. Raises ``ApiProblem``, also for what
    something else than the API has answered, as a proxy that leads elsewhere."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.is_success and kind == "application/json":
        return answer
    try:
        told = answer.json()
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    code = str(told.get("type", "unknown")).rpartition(":")[2]
    detail = str(told.get("detail", answer.reason_phrase))
    raise ApiProblem(answer.status_code, code, detail, told.get("retry_after"))
