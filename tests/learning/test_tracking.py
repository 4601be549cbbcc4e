"""What MLflow has of learning and promotions, read back by its client from a store of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.core.errors import SettingsError, TrackerError
from review_app.core.extras import missing_extra
from review_app.core.permissions import Person
from review_app.core.settings import DEFAULT_CHECKPOINT, load_settings
from review_app.inference.checkpoint import read_card
from review_app.jobs.work import work_off
from review_app.learning.track_job import ask_to_track
from review_app.learning.tracker import KEY, Tracker
from review_app.learning.tracking import EXPERIMENT, run_of_detector
from storage.enums import JobKind, JobState
from storage.repositories.held_out import HeadOf
from tests.applications import Deployment
from tests.learning.places import NEW, OLD, two_detectors

# Of mlflow itself, which uses what newer releases of others speak against.
pytestmark = pytest.mark.filterwarnings("ignore")

FOLDER = DEFAULT_CHECKPOINT.parent / "faces"
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store that mlflow makes itself."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/runs.db"


@pytest.fixture(scope="module")
def client(store: str) -> Any:
    mlflow = pytest.importorskip("mlflow")
    return mlflow.MlflowClient(tracking_uri=store)


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, store: str
) -> Iterator[tuple[Deployment, Person]]:
    """A deployment in which a challenger was compared."""
    folder = tmp_path_factory.mktemp("place")
    with two_detectors(folder, new=0.97, settings={"mlflow_tracking_uri": store}) as (place, admin):
        place.app.challenges.compare(HeadOf(NEW, "score"))
        yield place, admin


def run_of(client: Any, key: str) -> Any:
    """The one run of that key."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    (found,) = client.search_runs([experiment.experiment_id], f"tags.`{KEY}` = '{key}'")
    return found


def test_a_detector_is_one_run_however_often_it_is_logged(store: str, client: Any) -> None:
    card = read_card(FOLDER)
    run = run_of_detector(card)
    assert Tracker(store).log(run) == Tracker(store).log(run)
    logged = run_of(client, f"detector:{card.id}")
    assert (logged.info.run_name, logged.info.status) == (card.id, "FINISHED")
    told = card.heads[card.default_head].validation
    names = [f"{card.default_head}.validation.auroc{end}" for end in ("", ".low", ".high")]
    assert [logged.data.metrics[name] for name in names] == told["auroc"]
    assert logged.data.params["backbone"] == card.backbone.name
    folder = Path(client.download_artifacts(logged.info.run_id, ""))
    told_of_it = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert told_of_it["heads_sha256"] == card.heads_sha256
    assert folder.is_relative_to(Path(store.removeprefix("sqlite:///")).parent)


def test_a_promotion_and_its_end_are_runs_with_what_they_rest_on(
    place: tuple[Deployment, Person], client: Any
) -> None:
    deployment, admin = place
    app = deployment.app
    policy = app.promotions.promote(admin, NEW, "it knows scans")
    back = app.promotions.roll_back(admin, "")
    ended = work_off(app.jobs.leases, JOB_FUNCTIONS, app, "test")
    assert [app.jobs.get(job).state for job in ended] == [JobState.DONE] * 2
    promoted = run_of(client, f"promotion:{policy.version}:{NEW}")
    report = app.challenges.last(NEW)
    assert report is not None
    overall = report.overall
    logged = [promoted.data.metrics[f"auroc_difference{end}"] for end in ("", ".low", ".high")]
    assert logged == [overall.difference, overall.low, overall.high]
    assert promoted.data.params["from"] == OLD
    said = f"{promoted.data.params} {promoted.data.tags}"
    assert not {"it knows scans", admin.name} & set(said.split("'"))
    assert run_of(client, f"rollback:{back.version}:{OLD}").data.params["to"] == OLD


def test_a_tracker_that_is_away_fails_the_logging_alone(
    place: tuple[Deployment, Person], tmp_path: Path
) -> None:
    with two_detectors(tmp_path, 60, settings={"mlflow_tracking_uri": NOBODY}) as (there, admin):
        app = there.app
        app.challenges.compare(HeadOf(NEW, "score"))
        policy = app.promotions.promote(admin, NEW, "")
        (job,) = work_off(app.jobs.leases, JOB_FUNCTIONS, app, "test")
        row = app.jobs.get(job)
        assert (row.kind, row.state) == (JobKind.TRACK, JobState.FAILED)
        assert "not logged to MLflow" in (row.error or "")
        assert app.policies.current().version == policy.version
        with app.database.read() as repos:
            assert [row.state for row in repos.jobs.of_kind(JobKind.TRACK)] == [JobState.FAILED]


def test_what_a_training_made_is_logged_by_a_job_of_its_own(
    place: tuple[Deployment, Person], client: Any
) -> None:
    app = place[0].app
    card = read_card(FOLDER)
    ask_to_track(app.jobs, {"checkpoint": card.id, "path": str(FOLDER)})
    (job,) = work_off(app.jobs.leases, JOB_FUNCTIONS, app, "test")
    run = run_of(client, f"detector:{card.id}")
    assert app.jobs.get(job).result == {card.id: run.info.run_id}


def test_nothing_is_asked_for_where_no_tracker_is_set(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (there, admin):
        there.app.challenges.compare(HeadOf(NEW, "score"))
        there.app.promotions.promote(admin, NEW, "")
        with there.app.database.read() as repos:
            assert repos.jobs.of_kind(JobKind.TRACK) == []


@pytest.mark.parametrize("address", ["https://me:secret@a.example", "file:///tmp/runs", "runs"])
def test_an_address_that_holds_a_password_or_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="REVIEW_MLFLOW_TRACKING_URI"):
        load_settings(mlflow_tracking_uri=address)


def test_without_the_extra_it_is_said_how_it_is_had(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "mlflow-skinny" in (missing_extra(ModuleNotFoundError(name="mlflow")) or "")
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(TrackerError, match="mlflow"):
        Tracker(NOBODY).log(run_of_detector(read_card(FOLDER)))
