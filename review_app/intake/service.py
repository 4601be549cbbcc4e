"""Intake: what a person points at → images in the queue, each once, each refusal with its reason.

Decoding runs ahead on a few threads; rows are written in batches, so that a long intake neither
holds the write lock nor starts over when it is interrupted: what is in stays in, and running it
again finds duplicates.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from review_app.copies.descriptors import describe
from review_app.copies.look import Look
from review_app.core.blas import one_blas_thread
from review_app.core.chunks import batches
from review_app.core.errors import RefusalReason, RefusedFile
from review_app.core.hashing import hamming, perceptual_hash, sha256
from review_app.core.progress import Progress
from review_app.forensics.claims import claimed_generators
from review_app.forensics.notes import noted
from review_app.i18n import Text
from review_app.intake.archives import ArchiveLimits
from review_app.intake.candidates import Candidate
from review_app.intake.credentials import Credentials
from review_app.intake.decode import Limits, decode
from review_app.intake.likeness import Likeness, Seen
from review_app.intake.metadata import Json
from review_app.intake.public_copy import public_copy
from review_app.intake.small import NAME, SLOW_PIXELS, small_picture
from review_app.intake.sources import SourceReading, count, expand
from review_app.intake.store import MediaStore
from review_app.manifests.dialect import OWN, Dialect
from review_app.policy.review_options import read_options
from storage.database import Database
from storage.enums import LabelValue
from storage.models import Image, Item
from storage.repositories import Repositories

_logger = logging.getLogger(__name__)
BATCH = 32
_NOTED = 20
"""Files that are told apart, of those that are odd; the others are counted."""


@dataclass
class IntakeReport:
    """A report of what became of a batch."""

    added: int = 0
    duplicates: int = 0
    labels: int = 0
    """Known labels that were not known before."""
    labelled: int = 0
    """Images that came with a label, known before or not."""
    refused: list[RefusedFile] = field(default_factory=list)
    remarks: list[Text] = field(default_factory=list)
    """What people may want to know besides, as that labels seem to be there and were not taken."""
    noted: int = 0
    """Images that were taken although something about their file is odd."""

    def note(self, name: str, metadata: Mapping[str, Json]) -> None:
        """Tell what is odd about the file ``name``; of many files, of the first ones."""
        found = [*noted(metadata)]
        self.noted += bool(found)
        if self.noted <= _NOTED:
            self.remarks += (Text("intake.noted", {"name": name, "what": one}) for one in found)


@dataclass(frozen=True)
class TakenFile:
    """A file, and what became of it: an item, or a refusal."""

    name: str
    item_id: int | None = None
    sha256: str | None = None
    is_new: bool = False
    """Whether the item was not there before."""
    refusal: RefusedFile | None = None


@dataclass(frozen=True)
class _Prepared:
    """A candidate that decoded, with all that its rows need; most pixels have been let go."""

    candidate: Candidate
    seen: Seen
    n_bytes: int
    width: int
    height: int
    format: str
    metadata: dict[str, Json]
    phash: int
    public_type: str
    public_sha256: str

    @property
    def sha256(self) -> str:
        return self.seen.sha256


class IntakeService:
    """A service that takes files into the queue of one database."""

    def __init__(
        self,
        database: Database,
        media: MediaStore,
        limits: Limits,
        archives: ArchiveLimits,
        credentials: Credentials | None = None,
    ) -> None:
        self._database = database
        self._media = media
        self._limits = limits
        self._archives = archives
        self._credentials = credentials or Credentials()

    def ingest(
        self,
        paths: Sequence[Path],
        actor: str,
        progress: Progress | None = None,
        *,
        bare_names: bool = False,
        dialect: Dialect = OWN,
    ) -> IntakeReport:
        """Take in files, folders, archives and manifests, whose names for things ``dialect`` has.

        ``bare_names`` is for uploads: it leaves out the folder that each path lies in, which means
        nothing to people, and takes no table for a manifest, which could name any file here.

        Raises:
            ManifestError: a manifest cannot be used as a whole. Nothing of it is taken in.
        """
        report = IntakeReport()
        reading = SourceReading(
            self._limits.max_bytes, self._archives, dialect, not bare_names, report.remarks
        )
        total = count(paths, reading)
        self._media.sweep()
        likeness = Likeness(self._database, self._media, self._limits)
        candidates = expand(paths, reading)
        if bare_names:
            candidates = (_bare(candidate, paths) for candidate in candidates)
        done = 0
        for outcomes in batches(self._prepare_all(candidates), BATCH):
            self._store(outcomes, actor, likeness, report)
            done += len(outcomes)
            if progress:
                progress(done, max(total, done))
        if report.noted > _NOTED:
            report.remarks.append(Text("intake.noted_more", {"n": report.noted - _NOTED}))
        return report

    def take(self, files: Sequence[Candidate], actor: str) -> list[TakenFile]:
        """Take in files as they are, one image each; what became of each, in order."""
        self._media.sweep()
        likeness = Likeness(self._database, self._media, self._limits)
        return [
            taken
            for outcomes in batches(self._prepare_all(files), BATCH)
            for taken in self._store(outcomes, actor, likeness, IntakeReport())
        ]

    def _prepare_all(
        self, candidates: Iterable[Candidate | RefusedFile]
    ) -> Iterator[_Prepared | RefusedFile]:
        """Read and decode in parallel, in order, never more than a batch ahead.

        Only as many images are in memory as there are workers.
        """
        one_blas_thread()
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers, thread_name_prefix="intake") as pool:
            for chunk in batches(candidates, BATCH):
                yield from pool.map(self._prepare, chunk)

    def _prepare(self, candidate: Candidate | RefusedFile) -> _Prepared | RefusedFile:
        if isinstance(candidate, RefusedFile):
            return candidate
        try:
            data = candidate.read()
            decoded = decode(data, candidate.name, self._limits)
            public, public_type = public_copy(data, decoded)
            metadata = self._credentials.beside(data, decoded)
            phash, look = perceptual_hash(decoded.image), Look.of(decoded.image)
            seen = Seen(sha256(data), describe(decoded.image), look)
            _ = look.hashes  # computed here, where several threads work
        except RefusedFile as refusal:
            return refusal
        except Exception as error:  # one file must not end the intake of thousands
            _logger.exception("a file cannot be taken in: %s", candidate.name)
            why = Text("intake.failed", {"why": type(error).__name__})
            return RefusedFile(candidate.name, RefusalReason.UNREADABLE, why)
        self._media.add(seen.sha256, data, public, public_type)
        if decoded.width * decoded.height > SLOW_PIXELS:
            self._media.keep(self._media.derived(seen.sha256, NAME), small_picture(decoded))
        return _Prepared(
            candidate=candidate,
            seen=seen,
            n_bytes=len(data),
            width=decoded.width,
            height=decoded.height,
            format=decoded.format,
            metadata=metadata,
            phash=phash,
            public_type=public_type,
            public_sha256=sha256(public),
        )

    def _store(
        self,
        outcomes: Sequence[_Prepared | RefusedFile],
        actor: str,
        likeness: Likeness,
        report: IntakeReport,
    ) -> list[TakenFile]:
        """What became of each, counted in ``report``."""
        taken: list[TakenFile] = []
        earlier = likeness.earlier([one.seen for one in outcomes if isinstance(one, _Prepared)])
        with self._database.write() as repos:
            needed = read_options(repos).needed_labels
            for outcome in outcomes:
                if isinstance(outcome, RefusedFile):
                    report.refused.append(outcome)
                    taken.append(TakenFile(outcome.path, refusal=outcome))
                    continue
                try:
                    item, is_new = _put(repos, outcome, actor, likeness, earlier, needed)
                    report.labels += _attach_label(repos, outcome.candidate, item, actor)
                    if not is_new:
                        _fill_in(item, outcome.candidate)
                except RefusedFile as refusal:
                    if repos.item_marks.is_gone(outcome.sha256):
                        self._media.remove(outcome.sha256)  # it was stored before it was known
                    report.refused.append(refusal)
                    taken.append(TakenFile(refusal.path, refusal=refusal))
                    continue
                name = outcome.candidate.name
                taken.append(TakenFile(name, item.id, outcome.sha256, is_new))
                report.note(outcome.candidate.name, outcome.metadata)
                report.labelled += outcome.candidate.label is not None
                report.added += is_new
                report.duplicates += not is_new
        return taken


def _bare(candidate: Candidate | RefusedFile, paths: Sequence[Path]) -> Candidate | RefusedFile:
    """``candidate`` under the name its file was given, without the folder that it lies in; what is
    said of a refused one tells nothing of that folder either."""
    name = candidate.path if isinstance(candidate, RefusedFile) else candidate.name
    folders = {f"{path.parent}{os.sep}" for path in paths}
    for folder in folders:
        name = name.removeprefix(folder)
    if isinstance(candidate, RefusedFile):
        return candidate.renamed(name, folders)
    return replace(candidate, name=name)


def _put(
    repos: Repositories,
    prepared: _Prepared,
    actor: str,
    likeness: Likeness,
    earlier: Mapping[str, str],
    needed: int,
) -> tuple[Item, bool]:
    """The item of this content, and whether it is new. One of which only scores were here gets its
    picture."""
    known = repos.images.by_sha256(prepared.sha256)
    _refuse_deleted(repos, prepared)
    if known is not None and known.picture is not None:
        if known.public_type == prepared.public_type:
            known.public_sha256 = prepared.public_sha256  # as it has just been stored
        return _item_of(repos, known), False
    copied = earlier.get(prepared.sha256)
    near = None if copied is None else repos.images.by_sha256(copied)
    group_id = None if near is None else _item_of(repos, near).duplicate_group
    image = known or Image(sha256=prepared.sha256)
    for name, value in _picture_columns(prepared, near).items():
        setattr(image, name, value)
    repos.images.add(image)
    descriptor = prepared.seen.descriptor
    repos.descriptors.add(image.id, descriptor.phash, descriptor.thumb)
    likeness.add(image.id, prepared.seen)
    generators = claimed_generators(prepared.metadata)
    if known is not None:
        item = _item_of(repos, known)
        item.duplicate_group_id = group_id
        repos.generator_claims.put(item.id, generators)
        return item, False
    candidate = prepared.candidate
    item = Item(
        image_id=image.id,
        name=candidate.name[-1024:],
        source=candidate.source,
        group_key=candidate.group,
        split=candidate.split,
        needed_labels=needed,
        open_slots=needed,
        duplicate_group_id=group_id,
    )
    item = repos.items.add(item, actor)
    if generators:
        repos.generator_claims.put(item.id, generators)
    return item, True


def _refuse_deleted(repos: Repositories, prepared: _Prepared) -> None:
    deleted = repos.item_marks.deleted_file(prepared.sha256)
    if deleted is not None:
        told = {
            "item": str(deleted.item_id),
            "by": deleted.by,
            "day": f"{deleted.at:%Y-%m-%d}",
            "why": deleted.reason,
        }
        why = Text("intake.was_deleted", told)
        raise RefusedFile(prepared.candidate.name, RefusalReason.DELETED, why)


def _item_of(repos: Repositories, image: Image) -> Item:
    item = repos.items.by_image(image.id)
    assert item is not None  # image and item are written together
    return item


def _fill_in(item: Item, candidate: Candidate) -> None:
    """What a manifest knows of an item that came without one; what is known already stays."""
    item.name = item.name or candidate.name[-1024:]
    item.source = item.source or candidate.source
    item.group_key = item.group_key or candidate.group
    item.split = item.split or candidate.split


def _picture_columns(prepared: _Prepared, near: Image | None) -> dict[str, object]:
    distance = None
    if near is not None and near.phash is not None:
        distance = hamming(prepared.phash, near.phash)
    return {
        "n_bytes": prepared.n_bytes,
        "width": prepared.width,
        "height": prepared.height,
        "format": prepared.format,
        "public_type": prepared.public_type,
        "public_sha256": prepared.public_sha256,
        "phash": prepared.phash,
        "near_id": None if near is None else near.id,
        "near_distance": distance,
        "file_metadata": prepared.metadata,
    }


def _attach_label(repos: Repositories, candidate: Candidate, item: Item, actor: str) -> bool:
    """Keep the candidate's label, where it has one; whether that is news."""
    if candidate.label is None:
        return False
    value = LabelValue(candidate.label.value)
    known = repos.known_labels.of_item(item.id)
    if known is None:
        provenance = f"{candidate.name} (row {candidate.row})"
        repos.known_labels.add(item.id, value, provenance[-1024:], actor)
        return True
    if known is not value:
        detail = f"row {candidate.row} says {value}, but this content is known as {known}"
        raise RefusedFile(candidate.name, RefusalReason.LABEL_CONFLICT, detail)
    return False
