"""What the README tells people to type, typed: from images to a detector of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from review_app.bootstrap import open_application
from review_app.core.hashing import sha256
from review_app.core.settings import load_settings
from review_app.review.tasks import AnswerInput
from storage.enums import LabelValue
from storage.models import Claim
from tests.applications import Deployment
from tests.cli.conftest import Outcome, Run
from tests.detector.manifests import picture

README = Path(__file__).parents[2] / "README.md"
IMAGES = 56


def blocks() -> list[list[str]]:
    """The commands of each block under "On your own images", without remarks."""
    text = README.read_text(encoding="utf-8")
    section = text[text.index("## On your own images") :].split("\n## ")[0]
    found = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [[line.partition("#")[0].strip() for line in block.splitlines()] for block in found]


@pytest.fixture
def type_in(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a line into a shell in a folder of one's own; only the program itself is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REVIEW_DATA_DIR")
    monkeypatch.setenv("REVIEW_PORT", "0")

    def type_in(line: object) -> Outcome:
        first, *rest = shlex.split(str(line))
        if first == "export":
            monkeypatch.setenv(*rest[0].split("=", 1))
            return Outcome(0, "", "")
        assert first == "deepfake-review", line
        return serve() if rest == ["serve"] else run(*rest)

    return type_in


def serve() -> Outcome:
    """The command that never ends by itself, until it says where it listens."""
    command = [sys.executable, "-m", "review_app", "serve"]
    root = str(README.parent)
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": root}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        said = ""
        for line in server.stdout:
            said += line
            if "http://127.0.0.1:" in line:
                break
        server.terminate()
        server.stdout.read()
    return Outcome(0, said, "")


def given(folder: Path) -> None:
    """What the commands expect beside them: smooth photos are real, noisy ones fake."""
    (folder / "photos").mkdir()
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for n in range(IMAGES):
            path = folder / "photos" / f"{('smooth', 'noisy')[n % 2]}-{n}.png"
            picture(n, noisy=bool(n % 2)).save(path)
            if n % 3 == 0:
                archive.write(path, path.name)
                path.unlink()
    photos = (folder / "photos").iterdir()
    scores = [f"{sha256(path.read_bytes())},theirs,0.9" for path in photos]
    (folder / "scores.csv").write_text("\n".join(["sha256,detector,p_fake", *scores]))


def answer_all() -> None:
    """A reviewer answers everything that waits, and says once that they cannot tell."""
    app = open_application(load_settings())
    try:
        place = Deployment(app)
        names = {item.id: item.name for item in place.items().values()}
        admin = place.factory.admin()
        unsure = next(item_id for item_id, name in names.items() if "noisy" in name)
        while tasks := app.review.take(admin):
            item_id = held(place, tasks[0].item_id)
            value = LabelValue.FAKE if "noisy" in names[item_id] else LabelValue.REAL
            given = AnswerInput(
                client_id=f"answer-{item_id}-{admin.id}",
                item_id=tasks[0].item_id,
                value=LabelValue.UNSURE if item_id == unsure else value,
            )
            app.review.label(admin, given)
    finally:
        app.close()


def held(place: Deployment, handle: str) -> int:
    """The item behind a handle, which is all that reviewers see of it."""
    with place.app.database.read() as repos:
        item_id = repos.session.scalar(select(Claim.item_id).where(Claim.handle == handle))
    assert item_id is not None
    return item_id


def test_the_readme_leads_from_images_to_an_adopted_detector_word_for_word(
    type_in: Run, tmp_path: Path
) -> None:
    given(tmp_path)
    first, second = blocks()
    assert first.pop(0) == ". .venv/bin/activate"
    outcomes = {line: type_in(line) for line in first}
    certify = next(line for line in first if "certify" in line)
    assert "more" in outcomes.pop(certify).err  # how many labels are missing
    assert [line for line, outcome in outcomes.items() if outcome.code] == []
    answer_all()
    outcomes = {line: type_in(line) for line in second}
    for line, outcome in outcomes.items():
        assert outcome.code == 0, (line, outcome.err)
    said = {line.split()[1]: outcome.out for line, outcome in outcomes.items()}
    assert "left out: " in said["export"]
    assert "1 unsure" in said["export"]
    report = tmp_path / "report"
    assert (report / "report.html").is_file()
    assert json.loads((report / "metrics.json").read_text(encoding="utf-8"))["n"] > 0
    assert "is in force" in next(out for line, out in outcomes.items() if "adopt" in line).out
    assert said["triage"]
