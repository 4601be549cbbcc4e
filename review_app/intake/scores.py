"""Score files into the queue: what a detector elsewhere says of images, without the images.

A file is read and checked whole into temporary tables, which holds nobody up. Then one transaction
compares it with what is known and applies it: all of it, or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review_app.core.hashing import sha256_of_file
from review_app.core.progress import Progress
from review_app.intake.archives import display_name
from review_app.policy.review_options import read_options
from review_app.policy.versions import start_with
from review_app.scores.card import HEAD, ExternalCard, SourceFile, checkpoint_id, entropy, make_card
from review_app.scores.columns import RowColumns
from review_app.scores.faults import Faults
from review_app.scores.reading import stream_columns
from review_app.scores.remedies import contradicting
from review_app.scores.sample import GridSample
from storage.database import Database
from storage.models import ScoreFile
from storage.repositories import Repositories
from storage.repositories.score_files import Applied, ScoreFiles
from storage.staging import StagedScores
from storage.types import utc_now


@dataclass(frozen=True)
class DetectorReport:
    """A report of what a file brought of one detector."""

    name: str
    checkpoint: str
    rows: int
    new: int
    """The scores that were not here."""
    grid_images: int
    """Images whose scores make its thresholds; their labels never calibrate."""


@dataclass(frozen=True)
class ScoreReport:
    """A report of what became of a file."""

    path: Path
    sha256: str
    rows: int
    """The rows of the detectors that were taken."""
    images: int
    """Distinct ones among them."""
    added: int
    """Images that were not here."""
    labels: int
    """Known labels that were not here."""
    contradicting: int
    """Rows whose score says the opposite of their P(fake)."""
    detectors: tuple[DetectorReport, ...]
    in_force: str | None
    """Id of the detector in force; None where triage will choose."""


@dataclass
class _Staged:
    """What was counted while a file was staged, by detector."""

    rows: dict[str, int]
    contradicting: int
    samples: dict[str, GridSample]


class ScoreIntake:
    """A service that takes score files into the queue of one database."""

    def __init__(self, database: Database, max_rows: int) -> None:
        self._database = database
        self._max_rows = max_rows

    def ingest(
        self,
        path: Path,
        actor: str,
        detector: str | None = None,
        progress: Progress | None = None,
    ) -> ScoreReport:
        """Take in the file at ``path``: all of its detectors, or ``detector`` alone.

        The same file again changes nothing. Raises InputError, naming rows, for a file that
        `stream_scores` refuses, that contradicts itself or what is known: nothing of it is taken.
        """
        rows = stream_columns(path, detector=detector, max_rows=self._max_rows)
        with self._database.private() as connection:
            with connection.scratch() as session:
                table = StagedScores(session)
                table.create()
                staged = _stage(table, rows, progress)
                table.gather()
                _refuse(path, _in_itself(table))
            sha256 = sha256_of_file(path)
            with connection.write() as repos:
                return _apply(repos, path, sha256, staged, actor)


def _stage(table: StagedScores, rows: Iterable[RowColumns], progress: Progress | None) -> _Staged:
    staged, done = _Staged({}, 0, {}), 0
    for columns in rows:
        for detector, n in Counter(columns.detector).items():
            staged.rows[detector] = staged.rows.get(detector, 0) + n
            staged.samples.setdefault(detector, GridSample()).add(columns.only(detector))
        staged.contradicting += contradicting(columns.score, columns.p_fake)
        table.add(_staged(columns))
        done += len(columns)
        if progress:
            progress(done, done)
    return staged


def _staged(columns: RowColumns) -> dict[str, Sequence[Any]]:
    """The values of `storage.staging.ROWS`."""
    checkpoints = {name: checkpoint_id(name) for name in set(columns.detector)}
    return {
        "row": columns.row,
        "key": columns.keys,
        "sha256": columns.sha256,
        "path": columns.path,
        "name": [display_name(path or "") for path in columns.path],
        "checkpoint_id": [checkpoints[name] for name in columns.detector],
        "p_fake": columns.p_fake,
        "std": [std or 0.0 for std in columns.std],
        "entropy": entropy(columns.p_fake).tolist(),
        "score": columns.score,
        "novelty": columns.novelty,
        "label": [label and label.value for label in columns.label],
        "source": columns.source,
        "split": columns.split,
    }


def _apply(
    repos: Repositories, path: Path, sha256: str, staged: _Staged, actor: str
) -> ScoreReport:
    now = utc_now()
    files = ScoreFiles(repos.session)
    files.resolve()
    _refuse(path, _with_known(files))
    is_first = repos.policies.current() is None and not files.has_pictures()
    applied = files.apply(path.name, read_options(repos).needed_labels, now)
    found = []
    for name, rows in sorted(staged.rows.items()):
        source = SourceFile(name=path.name, sha256=sha256, rows=rows, taken_at=now)
        card = _keep_card(repos, name, source, staged.samples[name])
        new = files.add_predictions(checkpoint_id(name), HEAD, now)
        found.append(DetectorReport(name, checkpoint_id(name), rows, new, len(card.sample)))
    if is_first and len(found) == 1:
        start_with(repos, found[0].checkpoint, HEAD)
    policy = repos.policies.current()
    report = ScoreReport(
        path=path,
        sha256=sha256,
        rows=sum(staged.rows.values()),
        images=files.images(),
        added=applied.images,
        labels=applied.labels,
        contradicting=staged.contradicting,
        detectors=tuple(found),
        in_force=None if policy is None else policy.checkpoint_id,
    )
    repos.taken_files.add(_taken(report, applied, actor))
    return report


def _keep_card(
    repos: Repositories, name: str, source: SourceFile, sample: GridSample
) -> ExternalCard:
    """The detector's card, with grid and cuts made anew from all of its files' samples; but once
    somebody has tried to certify it, thresholds move no more."""
    known = repos.checkpoints.get(checkpoint_id(name))
    old = None if known is None else ExternalCard.model_validate(known.card)
    if old is not None and (
        repos.attempts.count(checkpoint_id(name))
        or repos.taken_files.has(source.sha256, checkpoint_id(name))
    ):
        return old
    earlier = () if old is None else old.sample
    drawn = {image.draw: image for image in (*earlier, *sample.images())}
    files = (*(() if old is None else old.files), source)
    card = make_card(name, files, GridSample(drawn.values()).images())
    repos.checkpoints.keep_external(checkpoint_id(name), card.model_dump(mode="json"))
    return card


def _taken(report: ScoreReport, applied: Applied, actor: str) -> ScoreFile:
    first, last = applied.items or (None, None)
    return ScoreFile(
        name=report.path.name,
        sha256=report.sha256,
        rows=report.rows,
        scores={found.checkpoint: found.new for found in report.detectors},
        images=report.added,
        labels=report.labels,
        first_item_id=first,
        last_item_id=last,
        taken_by=actor,
    )


def _refuse(path: Path, faults: Iterable[tuple[int, str]]) -> None:
    found = Faults()
    for row, words in faults:
        found.add(row, words)
    found.raise_any(path)


def _in_itself(table: StagedScores) -> Iterator[tuple[int, str]]:
    for found in table.other_labels():
        yield found.row, f"label {found.given}, but row {found.other_row} says {found.other} of it"
    for found in table.other_splits():
        yield found.row, f"split {found.given}, but row {found.other_row} says {found.other} of it"
    for found in table.paths_with_a_hash():
        yield found.row, f"row {found.other_row} gives this path with a sha256; give it here too"


def _with_known(files: ScoreFiles) -> Iterator[tuple[int, str]]:
    for found in files.other_scores(HEAD):
        yield (
            found.row,
            f"{found.given}, but {found.other} was taken in before; what a detector says of an "
            "image never changes, so give a new version of it a name of its own",
        )
    for found in files.other_labels():
        yield found.row, f"label {found.given}, but the image is known as {found.other}"
    for found in files.other_splits():
        yield found.row, f"split {found.given}, but the image is known as of split {found.other}"
    for found in files.hashed_paths():
        yield (
            found.row,
            f"the path {found.given!r} is that of an image known by its sha256; give the sha256 "
            "too, or another path if this is another image",
        )
    for found in files.bare_paths():
        yield (
            found.row,
            f"the path {found.given!r} is that of an image known without a sha256; leave the "
            "sha256 empty, or give another path if this is another image",
        )
