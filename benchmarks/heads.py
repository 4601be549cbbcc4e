"""Heads against the source method's way, a loop of 50 random passes, in the same run.

``python -m benchmarks.heads [--quick] [--json]``; exit 1 when a bar does not hold. Both sides
answer the same question for the same images (mean, std, entropy and mutual information of P(fake));
only the loop's answer changes from run to run. Rounds alternate, and ratios are of medians.

The ratio hangs on who else uses the machine. torch shares each pass of the loop out over all cores
and waits for the last of them, fifty times a call: on two quiet cores the loop takes half as long
as on one, and where something else has one of them, several to twenty times as long. The
variational head runs on one thread, and takes the same processor time either way. So its ratio was
7.9 on quiet cores and over 100 on busy ones, by the clock. Told beside it is the ratio of processor
time with the loop on one thread, which neighbours hardly change: some 15.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.outcome import Row, arguments, at_least, document, finish
from review_app.inference.heads import Head, HeadName, Training
from review_app.inference.heads.base import Matrix
from review_app.inference.heads.mc_dropout import McDropoutTraining
from review_app.inference.heads.variational import VariationalTraining

WIDTH = 1280
PASSES = 50
BATCHES = (1, 32, 1024)
BARS = {HeadName.MC_DROPOUT: 60.0, HeadName.VARIATIONAL: 12.0}
"""How many times the loop's speed, at the largest batch."""
REST = 0.02
"""Seconds before each side's turn: torch's workers keep a core busy for a while after a call."""
TURN = 0.02
"""Seconds that each side calls before it is timed, and then while it is: after a rest the first
milliseconds are of a clock that has slowed down, which would only count against the faster."""
TRAININGS: dict[HeadName, Training] = {
    HeadName.MC_DROPOUT: McDropoutTraining(epochs=2, passes=PASSES),
    HeadName.VARIATIONAL: VariationalTraining(epochs=2),
}
Summary = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def summarise(passes: Sequence[torch.Tensor]) -> Summary:
    """Mean, std, entropy and mutual information of the passes' P(fake), [n] each."""
    members = torch.stack(list(passes))
    mean = members.mean(0)
    entropy = _entropy(mean)
    return mean, members.std(0), entropy, entropy - _entropy(members).mean(0)


def mc_dropout_loop(head: Head) -> Callable[[torch.Tensor], Summary]:
    """The network run PASSES times with its dropout on."""
    state = {name: torch.from_numpy(tensor) for name, tensor in head.state().items()}
    dropout = 1 - float(state["keep"])

    def once(x: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(F.linear(x, state["hidden_weight"], state["hidden_bias"]))
        dropped = F.dropout(hidden, dropout, training=True)
        return torch.sigmoid(dropped @ state["output_weight"] + state["output_bias"])

    return lambda x: summarise([once(x) for _ in range(PASSES)])


def variational_loop(head: Head) -> Callable[[torch.Tensor], Summary]:
    """The layer run PASSES times, each with newly drawn weights."""
    state = {name: torch.from_numpy(tensor) for name, tensor in head.state().items()}

    def once(x: torch.Tensor) -> torch.Tensor:
        weight = state["mean"] + state["std"] * torch.randn_like(state["std"])
        bias = state["bias_mean"] + state["bias_std"] * torch.randn(1)
        return torch.sigmoid(x @ weight + bias)

    return lambda x: summarise([once(x) for _ in range(PASSES)])


LOOPS = {HeadName.MC_DROPOUT: mc_dropout_loop, HeadName.VARIATIONAL: variational_loop}


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds a call of both ways and their ratio, by head and batch size."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(max(BATCHES), WIDTH)).astype(np.float32)
    labels = rng.random(len(features)) < 0.5
    measures: dict[str, dict[str, float]] = {}
    for name, training in TRAININGS.items():
        head = training.fit(features, labels, seed=0)
        loop = LOOPS[name](head)
        torch.set_num_threads(os.cpu_count() or 1)  # the loop may use what it can
        for batch in BATCHES:
            rows = features[:batch]
            ours, theirs = _alternate(
                partial(head.predict, rows), partial(loop, torch.from_numpy(rows)), rounds
            )
            measures[f"{name}_batch_{batch}"] = {
                "us": ours * 1e6,
                "loop_us": theirs * 1e6,
                "ratio": theirs / ours,
                "processor_ratio": _processor_ratio(head, loop, rows, rounds),
            }
    return measures


def report(measures: dict[str, dict[str, float]], quick: bool) -> Row:
    """The document that ``--json`` prints."""
    bars = []
    for name, bar in BARS.items():
        ratio = measures[f"{name}_batch_{max(BATCHES)}"]["ratio"]
        what = f"{name}, batch {max(BATCHES)}: times the speed of the loop"
        bars.append(at_least(what, ratio, bar, f"torch, {PASSES} random passes in a Python loop"))
    libraries = (f"torch {torch.__version__}", f"NumPy {np.__version__}")
    return document("heads", quick, measures, bars, *libraries)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options = arguments(__doc__, "few rounds").parse_args()
    found = report(measure(rounds=7 if options.quick else 41), options.quick)
    return finish(found, options.json, _tell)


def _tell(found: Row) -> None:
    for name, row in found["measures"].items():
        print(f"{name:24} {row['us']:10.0f} us {row['loop_us']:10.0f} us loop", end=" ")
        print(f"{row['ratio']:8.1f} x {row['processor_ratio']:8.1f} x of the processor")
    for bar in found["bars"]:
        print(f"{bar['what']}: {bar['value']:.1f} (bar {bar['bar']:.0f})")


def _alternate(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Median seconds of both, run in turn so that a busy machine disturbs them alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, log in zip((ours, theirs), times, strict=True):
            time.sleep(REST)
            _timed(call)  # steady state: caches and clocks as in a stream of batches
            log.extend(_timed(call))
    return median(times[0]), median(times[1])


def _processor_ratio(
    head: Head, loop: Callable[[torch.Tensor], Summary], rows: Matrix, rounds: int
) -> float:
    """The loop's processor time over the head's, with the loop on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times[0].extend(_timed(partial(head.predict, rows), time.process_time))
        times[1].extend(_timed(partial(loop, torch.from_numpy(rows)), time.process_time))
    torch.set_num_threads(threads)
    return median(times[1]) / median(times[0])


def _timed(
    call: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Seconds of each call by ``clock``, for as long as a turn lasts, and at least one."""
    seconds: list[float] = []
    while sum(seconds) < TURN:
        start = clock()
        call()
        seconds.append(clock() - start)
    return seconds


def _entropy(p: torch.Tensor) -> torch.Tensor:
    return -(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p))


if __name__ == "__main__":
    sys.exit(main())
