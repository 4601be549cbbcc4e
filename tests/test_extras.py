"""A server runs on what ``run.lock`` names; what the extras bring is asked for where it is used."""

from __future__ import annotations

import json
import os
import re
import subprocess
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import httpx
import pytest

from review_app.core.extras import missing_extra
from tests.applications import write_pictures
from tests.durability.serving import Process

ROOT = Path(__file__).parents[1]
LOCK = ROOT / ".ci" / "requirements" / "run.lock"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what ``make setup`` installs, and nothing else of what is here."""
    place = tmp_path_factory.mktemp("server-alone") / "venv"
    venv.create(place, symlinks=True, with_pip=False)
    (site_packages,) = place.glob("lib/python*/site-packages")
    for package in re.findall(r"^([\w.-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        try:
            found = distribution(package)
        except PackageNotFoundError:  # of another system
            continue
        parts = {Path(file).parts[0] for file in found.files or ()} - {"..", "__pycache__"}
        for part in parts:
            there = site_packages / part
            if not there.exists():
                there.symlink_to(Path(str(found.locate_file(part))))
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server-alone") / "data"


def run(python: Path, data_dir: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "review_app", *map(str, arguments)],
        cwd=ROOT,
        env={"REVIEW_DATA_DIR": str(data_dir), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_extras_are_not_there(python: Path) -> None:
    code = "from importlib.util import find_spec as f; print(*map(f, ('{}'.split())))"
    absent = code.format("matplotlib sklearn skimage imageio joblib fontTools pytest")
    told = subprocess.run([python, "-c", absent], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) == {"None"}


def test_a_server_alone_takes_in_triages_and_serves(
    python: Path, data_dir: Path, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "in", 3)
    taken = run(python, data_dir, "ingest", tmp_path / "in", "--json")
    assert (taken.returncode, json.loads(taken.stdout)["added"]) == (0, 3), taken.stderr
    triaged = run(python, data_dir, "triage", "--json")
    assert (triaged.returncode, json.loads(triaged.stdout)["scored"]) == (0, 3), triaged.stderr
    with Process(data_dir, python=python) as server, httpx.Client(base_url=server.url) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/login").status_code == 200
        assert "ModuleNotFoundError" not in server.log


INSPECT = """
from contextlib import closing
import sys
from pathlib import Path
from review_app.bootstrap import open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.web.inspect import InspectPage
from storage.enums import Role

with closing(open_application(Settings())) as app:
    admin = Person(app.people.ensure("ada", Role.ADMIN, "test").id, "ada", Role.ADMIN)
    image = Path(sys.argv[1])
    done = app.inspector.read(admin, image, image.name).result()
    print(len(app.inspector.tell(admin, done).heads))
    print(app.inspector.samples(), repr(str(InspectPage(app).load_samples(None))))
"""


def test_inspect_reads_an_image_and_goes_without_its_samples(
    python: Path, data_dir: Path, tmp_path: Path
) -> None:
    (image,) = write_pictures(tmp_path, 1)
    told = subprocess.run(
        [python, "-c", INSPECT, image],
        cwd=ROOT,
        env={"REVIEW_DATA_DIR": str(data_dir), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == "5\n[] ''\n", told.stderr


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("train MANIFEST --out OUT", "scikit-learn", "lab"),
        ("simulate MANIFEST --report OUT", "scikit-learn", "lab"),
        ("demo --no-serve", "scikit-image", "demo"),
    ],
)
def test_a_command_that_needs_an_extra_names_it(
    python: Path, data_dir: Path, tmp_path: Path, command: str, package: str, extra: str
) -> None:
    (tmp_path / "rows.csv").write_text("path,label\n", encoding="utf-8")
    places = {"MANIFEST": tmp_path / "rows.csv", "OUT": tmp_path / "out"}
    done = run(python, data_dir, *(places.get(word, word) for word in command.split()))
    error = done.stderr.splitlines()[-1]
    assert (done.returncode, error.startswith("error: ")) == (1, True), done.stderr
    assert package in error
    assert f"pip install 'deepfake-review[{extra}]'" in error
    assert "Traceback" not in done.stderr


def test_another_missing_module_is_no_matter_of_extras() -> None:
    assert "matplotlib" in (missing_extra(ModuleNotFoundError(name="matplotlib.axes")) or "")
    assert missing_extra(ModuleNotFoundError(name="review_app.nowhere")) is None
    assert missing_extra(ModuleNotFoundError()) is None
