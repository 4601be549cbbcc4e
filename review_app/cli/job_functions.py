"""Which function does the jobs of which kind.

A kind takes one function here, a thin one: it imports what it needs when it is called, and calls
what the command of the same name calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from review_app.core.progress import Progress
from review_app.jobs.work import JobFunctions
from storage.enums import JobKind

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def _learn(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.learning.job import ask_to_compare
    from review_app.learning.learning import learn
    from review_app.learning.track_job import ask_to_track

    made = learn(application, parameters, progress)
    asked = {"compared_by_job": ask_to_compare(application.jobs, made)}
    if application.settings.mlflow_tracking_uri:
        asked["logged_by_job"] = ask_to_track(application.jobs, made)
    return {**made, **asked}


def _compare(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.learning.job import compare_job

    return compare_job(application, parameters, progress)


def _fuse(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.detectors.fuse_job import fuse_job
    from review_app.learning.job import ask_to_compare

    made = fuse_job(application, parameters, progress)
    return {**made, "compared_by_job": ask_to_compare(application.jobs, made)}


def _export(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.records.exports.job import export_job

    return export_job(application, parameters, progress)


def _bulk(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.bulk.job import bulk_job

    return bulk_job(application, parameters, progress)


def _track(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.learning.track_job import track_job

    return track_job(application, parameters, progress)


def _demo(
    application: Application, parameters: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from review_app.cli.demo_run import demo_job

    return demo_job(application, parameters, progress)


JOB_FUNCTIONS: JobFunctions = {
    JobKind.BULK: _bulk,
    JobKind.EXPORT: _export,
    JobKind.LEARN: _learn,
    JobKind.FUSE: _fuse,
    JobKind.COMPARE: _compare,
    JobKind.TRACK: _track,
    JobKind.DEMO: _demo,
}
