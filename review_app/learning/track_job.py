"""The job of logging to a tracker: asked for with what it is about, and done beside everything
else, so that a tracker that is slow or away holds up nothing and fails nothing but this job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from review_app.core.errors import CheckpointError, InputError
from review_app.core.progress import Progress
from review_app.core.settings import Settings
from review_app.inference.checkpoint import read_card
from review_app.jobs.service import JobService
from review_app.learning.challenge import ChallengeReport
from review_app.learning.tracker import Tracker
from review_app.learning.tracking import TrackedRun, run_of_change, run_of_detector
from storage.database import Database
from storage.enums import JobKind
from storage.repositories import Repositories

LEARN, PROMOTION, ROLLBACK = "learn", "promotion", "rollback"
_CHANGES: Final = (PROMOTION, ROLLBACK)


class HasTracker(Protocol):
    """An application, as far as this job needs one."""

    @property
    def settings(self) -> Settings:
        """The settings, which name the tracker."""
        ...

    @property
    def database(self) -> Database:
        """The database, which knows detectors and comparisons."""
        ...


def ask_to_track(jobs: JobService, made: Mapping[str, Any]) -> int:
    """Have what a training ``made`` logged, once that has ended; the job's number."""
    told = {"kind": LEARN, "checkpoint": made["checkpoint"], "path": made["path"]}
    return jobs.follow_up(JobKind.TRACK, told)


def ask_within(
    repos: Repositories, kind: str, version: int, about: Mapping[str, Any], by: str
) -> None:
    """Have a promotion or a rollback logged, if its transaction is stored."""
    row = repos.policies.get(version)
    assert row is not None  # the same transaction has made it
    names = ("from", "to", "comparison")
    told = {name: about[name] for name in names if name in about}
    at = row.created_at.isoformat()
    repos.jobs.add(JobKind.TRACK, {"kind": kind, "version": version, "at": at, **told}, by)


def track_job(
    application: HasTracker, parameters: dict[str, Any], progress: Progress | None = None
) -> dict[str, Any]:
    """Log what the job was asked for; the ids of the runs.

    Raises:
        InputError: there is no tracker any more, or these are no parameters.
        TrackerError: something was not logged.
    """
    settings = application.settings
    if not settings.mlflow_tracking_uri:
        raise InputError("nothing is logged any more: REVIEW_MLFLOW_TRACKING_URI is not set")
    try:
        runs = list(_runs(application.database, parameters))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"these are no parameters of a run to be logged ({error})") from error
    tracker = Tracker(settings.mlflow_tracking_uri, settings.desk)
    logged = {}
    for done, run in enumerate(runs, 1):
        logged[run.name] = tracker.log(run)
        if progress:
            progress(done, len(runs))
    return logged


def _runs(database: Database, told: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """The run that is meant; before that of a change, that of its detector, which may have been
    made before there was a tracker."""
    if told["kind"] == LEARN:
        yield run_of_detector(read_card(Path(told["path"])))
        return
    if told["kind"] not in _CHANGES:
        raise ValueError(told["kind"])
    with database.read() as repos:
        detector = repos.checkpoints.get(str(told["to"]))
        compared = repos.comparisons.get(int(told["comparison"])) if "comparison" in told else None
        path = None if detector is None else detector.path
        report = None if compared is None else ChallengeReport.from_json(compared.document)
    if path is not None:
        with suppress(
            CheckpointError
        ):  # its folder is gone: what became of it is told all the same
            yield run_of_detector(read_card(Path(path)))
    yield run_of_change(told, report)
