"""Prometheus' text format (version 0.0.4), and how long requests take."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_app.monitoring.metrics import Metric

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "deepfake_review_"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the buckets."""
_NOWHERE = "none"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Latencies:
    """How long requests took, by route: a histogram. Counted on the event loop, read anywhere."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], list[int]] = {}
        self._sums: dict[tuple[str, str, str], float] = {}

    def took(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (method, route, f"{status // 100}xx")
        # The sum first: who reads meanwhile finds one for all that has buckets.
        self._sums[key] = self._sums.get(key, 0.0) + seconds
        buckets = self._buckets.setdefault(key, [0] * (len(SECONDS) + 1))
        buckets[bisect_left(SECONDS, seconds)] += 1

    def lines(self) -> Iterator[str]:
        """The histogram in the text format."""
        name = f"{PREFIX}request_seconds"
        yield f"# HELP {name} How long requests took, until their answer began."
        yield f"# TYPE {name} histogram"
        for (method, route, status), buckets in sorted(self._buckets.items()):
            labels = {"method": method, "route": route, "status": status}
            n = 0
            for bound, count in zip((*map(str, SECONDS), "+Inf"), buckets, strict=True):
                n += count
                yield f"{name}_bucket{_labels({**labels, 'le': bound})} {n}"
            yield f"{name}_sum{_labels(labels)} {self._sums[method, route, status]!r}"
            yield f"{name}_count{_labels(labels)} {n}"


class Timing:
    """The ASGI middleware that counts requests in ``latencies``."""

    def __init__(self, app: ASGIApp, latencies: Latencies) -> None:
        self._app = app
        self._latencies = latencies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it once its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came, prefix = time.perf_counter(), scope.get("root_path", "")

        async def send_timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                # What nothing answers to has no route: addresses are made up without end.
                mount = scope.get("root_path", "").removeprefix(prefix)
                route = getattr(scope.get("route"), "path", None) or mount
                seconds = time.perf_counter() - came
                self._latencies.took(scope["method"], route or _NOWHERE, message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_timed)


def exposition(metrics: Iterable[Metric], latencies: Latencies) -> str:
    """All figures in the text format."""
    return "\n".join([*_gauges(metrics), *latencies.lines(), ""])


def _gauges(metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        name = PREFIX + metric.name
        yield f"# HELP {name} {metric.says}"
        yield f"# TYPE {name} gauge"
        for labels, value in metric.samples:
            yield f"{name}{_labels(labels)} {value!r}"


def _labels(labels: dict[str, str]) -> str:
    told = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""
