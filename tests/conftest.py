"""Fixtures that every part of the tests shares: a real migrated database, builders on it,
and the review service with people at work."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from review_app.core.permissions import Person
from storage.database import Database
from tests import scheduling
from tests.empty import empty_database
from tests.factories import Factory
from tests.review.bench import Bench

# Property tests here check logic, not speed: no deadline that a busy machine could miss.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

# As usual, to look for garbage took a seventh of the time: what is imported is large.
gc.set_threshold(50_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "only what is pure, and the database"
    parser.addoption("--fast", action="store_true", help=told)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With ``--fast``, the folders of other tests are not even read."""
    is_left_out = config.getoption("--fast") and not scheduling.is_fast(collection_path)
    return True if is_left_out else None


def pytest_configure() -> None:
    """Where every core is busy with tests, work on images at low priority takes without end."""
    os.environ.setdefault("REVIEW_READING_NICENESS", "0")
    # A trial of engines in each data directory would take longer than most tests.
    os.environ.setdefault("REVIEW_ENGINE", "torch")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes ``-n auto`` starts."""
    return scheduling.processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Who runs which tests, where several processes do."""
    return scheduling.WholeFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: scheduling.rank(item.nodeid))


def pytest_collection_finish() -> None:
    """What is imported is no garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _leave_nothing_behind() -> Iterator[None]:
    """What a file's tests opened, detectors above all, takes no memory from the next file's; what
    is left is imported modules for the most part, and not looked at again."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the head revision, made by the real migrations, for copying."""
    path = tmp_path_factory.mktemp("migrated") / "review.db"
    path.write_bytes(empty_database())
    return path


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of this test's own database file."""
    path = tmp_path / "review.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty migrated database in a file of its own."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def factory(database: Database) -> Factory:
    """Builders of rows in ``database``."""
    return Factory(database)


@pytest.fixture
def bench(database: Database) -> Bench:
    """The review service over ``database``, with a clock to turn."""
    return Bench(database)


@pytest.fixture
def ada(factory: Factory) -> Person:
    return factory.person("ada")


@pytest.fixture
def ben(factory: Factory) -> Person:
    return factory.person("ben")


@pytest.fixture
def root(factory: Factory) -> Person:
    return factory.admin("root")
