"""The site that the tests of a module share, one of a test's own, and an event by an admin."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.web.handlers import Call
from storage.enums import Role
from tests.web.handling import admin_of, call_of
from tests.web.passwords import quick_passwords
from tests.web.serving import Serving
from tests.web.site import Site
from tests.web.world import World


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Passwords cost next to nothing."""
    with quick_passwords():
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.close()


@pytest.fixture(scope="module")
def serving(site: Site) -> Iterator[Serving]:
    """The module's site behind a real server."""
    with Serving(site.web) as serving:
        yield serving


@pytest.fixture
def no_traceback(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """The test may leave no traceback, printed or logged."""
    yield
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A site behind a real server, and the kinds of people who may knock."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """A site of this test's own: policies are for everybody."""
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.fixture
def ada(fresh: Site) -> Call:
    """An event that an admin of the fresh site caused; ``bo`` is another admin."""
    return call_of(fresh, fresh.account(Role.ADMIN))


@pytest.fixture
def bo(fresh: Site) -> Call:
    """An event of the other admin."""
    return call_of(fresh, fresh.account(Role.ADMIN))


@pytest.fixture(scope="module")
def call(site: Site) -> Call:
    """An event that an admin caused."""
    return admin_of(site)
