"""An MLflow tracking server, or a store of its own in an SQLite file, as learning is logged to it.

mlflow comes with an extra, and is imported in the process of a job alone: it is slow to import,
and waits for servers. What it would send elsewhere by itself (usage figures) is turned off before.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import TrackerError
from review_app.core.extras import missing_extra
from review_app.learning.tracking import EXPERIMENT, TrackedRun

SECONDS: Final = 10
"""The longest that one call to a tracking server takes."""
KEY, KIND = "deepfake_review.key", "deepfake_review.kind"
"""The tags that a run is known again by, and what it is of."""
_PARENT, _RUN_NAME = "mlflow.parentRunId", "mlflow.runName"
_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(SECONDS),
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_SQLITE: Final = "sqlite:///"


class Tracker:
    """Logs runs to one tracking address. ``desk``: the queue whose detectors they are about, which
    has an experiment of its own."""

    def __init__(self, address: str, desk: str = "") -> None:
        self._address = address
        self._experiment = f"{EXPERIMENT}/{desk}" if desk else EXPERIMENT

    def log(self, run: TrackedRun) -> str:
        """Log ``run``, once however often this is called; its id there.

        Raises:
            TrackerError: it was not logged, whatever went wrong.
        """
        os.environ.update(_SETTINGS)
        try:
            mlflow: Any = import_module("mlflow")
            return self._log(mlflow, run)
        except ModuleNotFoundError as error:
            raise TrackerError(missing_extra(error) or str(error)) from error
        except Exception as error:  # of which mlflow and what is below it have many kinds
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            raise TrackerError(f"the run was not logged to MLflow ({why[:500]})") from error

    def _log(self, mlflow: Any, run: TrackedRun) -> str:
        client = mlflow.MlflowClient(tracking_uri=self._address)
        experiment = self._experiment_of(client)
        run_id = _found(client, experiment, run.key) or self._begin(client, experiment, run)
        entities, at = mlflow.entities, _milliseconds(run)
        client.log_batch(
            run_id,
            [entities.Metric(name, value, at, 0) for name, value in run.metrics.items()],
            [entities.Param(name, value) for name, value in run.params.items()],
        )
        for name, document in run.documents.items():
            client.log_dict(run_id, dict(document), name)
        client.set_terminated(run_id, "FINISHED", at)
        return str(run_id)

    def _experiment_of(self, client: Any) -> str:
        known = client.get_experiment_by_name(self._experiment)
        if known is not None:
            return str(known.experiment_id)
        return str(client.create_experiment(self._experiment, self._beside_the_store()))

    def _begin(self, client: Any, experiment: str, run: TrackedRun) -> str:
        tags = {KEY: run.key, KIND: run.kind, _RUN_NAME: run.name}
        parent = None if run.parent is None else _found(client, experiment, run.parent)
        if parent is not None:
            tags[_PARENT] = parent
        made = client.create_run(experiment, _milliseconds(run), tags)
        return str(made.info.run_id)

    def _beside_the_store(self) -> str | None:
        """The folder for files of runs, where that is not for a server to say."""
        if not self._address.startswith(_SQLITE):
            return None
        store = Path(self._address.removeprefix(_SQLITE)).absolute()
        return store.with_name(f"{store.stem}-files").as_uri()


def _found(client: Any, experiment: str, key: str) -> str | None:
    """The id of the run of that key."""
    asked = f"tags.`{KEY}` = '{key}'"
    found = client.search_runs([experiment], filter_string=asked, max_results=1)
    return str(found[0].info.run_id) if found else None


def _milliseconds(run: TrackedRun) -> int:
    return int(run.at.timestamp() * 1000)
