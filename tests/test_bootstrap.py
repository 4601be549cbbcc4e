"""Opening a data directory: new, old, newer, foreign, shared, and its secret."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

import migrations
from review_app.bootstrap import open_application
from review_app.core.errors import SchemaError, SettingsError
from review_app.core.secret import deployment_secret
from review_app.core.settings import Settings
from tests.applications import deployment
from tests.factories import Factory

ROOT = Path(__file__).parents[1]


def test_a_new_data_directory_is_made_and_opened_again(tmp_path: Path) -> None:
    with closing(open_application(Settings(data_dir=tmp_path / "data"))) as app:
        Factory(app.database).item()
        secret = deployment_secret(tmp_path / "data")
    with deployment(tmp_path) as place:
        assert len(place.items()) == 1
        assert deployment_secret(tmp_path / "data") == secret


def test_an_older_database_is_refused_with_the_command_that_upgrades_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployment(tmp_path):
        pass
    monkeypatch.setattr(migrations, "head_revision", lambda: "0002_of_tomorrow")
    with (
        pytest.raises(SchemaError, match=r"copy of it, then run: deepfake-review db upgrade$"),
        deployment(tmp_path),
    ):
        pass


def test_a_newer_database_is_refused_with_the_command_that_updates_the_program(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "data" / "review.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with (
        pytest.raises(SchemaError, match=r"9999.*Run: pip install --upgrade deepfake-review$"),
        deployment(tmp_path),
    ):
        pass


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    url = f"sqlite:///{tmp_path}/other.db"
    with pytest.raises(SchemaError, match="tables of another program"):
        open_application(Settings(data_dir=tmp_path / "data", database_url=url))
    with sqlite3.connect(tmp_path / "other.db") as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("bookmarks",)]


def test_two_processes_may_open_a_new_data_directory_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from review_app.bootstrap import open_application;"
        "from review_app.core.settings import Settings;"
        "print(open_application(Settings(data_dir=Path(sys.argv[1]))).policies.current().version)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate(timeout=120)[0] for process in both] == [b"1\n", b"1\n"]


def test_a_secret_is_made_once_however_many_ask_for_it(tmp_path: Path) -> None:
    together = Barrier(8)

    def ask(_: int) -> bytes:
        together.wait()
        return deployment_secret(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        (secret,) = set(pool.map(ask, range(8)))
    assert len(secret) == 32
    (path,) = tmp_path.iterdir()
    assert path.name == "secret.key"
    assert path.stat().st_mode & 0o077 == 0, "only its owner may read it"


def test_a_damaged_secret_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match=r"damaged \(5 bytes\); restore it"):
        deployment_secret(tmp_path)
