"""Settings become a working application here: the one place where the parts are put together."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

import migrations
from review_app.audits.circuit_breaker import (
    BreakerOptions,
    CircuitBreaker,
    change_breaker_options,
    read_breaker_options,
)
from review_app.core.errors import SchemaError, SettingsError
from review_app.core.faults import storage_error
from review_app.core.idempotency import IdempotencyService
from review_app.core.notice import Notice
from review_app.core.options import OptionsService
from review_app.core.secret import deployment_secret
from review_app.core.settings import Settings
from review_app.core.uploads import Uploads
from review_app.detectors.fusing import FusionService
from review_app.detectors.registry import Detectors
from review_app.durability.watch import StorageWatch
from review_app.inspection.cards import CardService
from review_app.inspection.gate import ReadingGate
from review_app.inspection.inspector import Inspector
from review_app.inspection.stored import StoredImages
from review_app.inspection.upload_cache import UploadCache
from review_app.inspection.views import ViewService
from review_app.inspection.workshop import Workshop
from review_app.intake.archives import ArchiveLimits
from review_app.intake.credentials import Credentials
from review_app.intake.decode import Limits
from review_app.intake.fetching import ImageFetcher
from review_app.intake.scores import ScoreIntake
from review_app.intake.service import IntakeService
from review_app.intake.store import MediaStore
from review_app.jobs.schedule import LearningSchedule
from review_app.jobs.service import JobService
from review_app.jobs.triggers import (
    LearningTriggers,
    change_learning_triggers,
    read_learning_triggers,
)
from review_app.learning.challenge import ChallengeService
from review_app.learning.promotion import PromotionService
from review_app.monitoring.feature_maps import FeatureMaps
from review_app.monitoring.refresh import MonitoringRefresh
from review_app.monitoring.service import MonitoringService
from review_app.monitoring.service_level import (
    ServiceLevel,
    change_service_level,
    read_service_level,
)
from review_app.people import People, TokenBook
from review_app.policy.decision_text import opinion_of
from review_app.policy.governance import PolicyService
from review_app.policy.review_options import ReviewOptions, change_options, read_options
from review_app.queueing.options import (
    QueueOptions,
    change_queue_options,
    read_queue_options,
)
from review_app.records.exports.service import ExportService
from review_app.records.service import RecordService
from review_app.review.batched import BatchedReview
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.triage.forecasting import ForecastService
from review_app.triage.pipeline import TriageService
from review_app.triage.unattended import UnattendedTriage
from review_app.triage.uploaded import UploadedBatches
from storage.database import Database
from storage.seals.beginning import begin_sealing
from storage.seals.heads import FILE as SEAL_HEADS
from storage.seals.keyring import FILE as SEAL_KEY
from storage.seals.keyring import SealKeyError
from storage.seals.sealing import driver_of

_MIB = 1024**2


@dataclass(frozen=True)
class Application:
    """The services over one data directory."""

    settings: Settings
    database: Database
    media: MediaStore
    people: People
    tokens: TokenBook
    idempotency: IdempotencyService
    review: ReviewService
    batched_review: BatchedReview
    records: RecordService
    exports: ExportService
    monitoring: MonitoringService
    feature_maps: FeatureMaps
    service_level: OptionsService[ServiceLevel]
    monitoring_refresh: MonitoringRefresh
    intake: IntakeService
    scores: ScoreIntake
    detectors: Detectors
    fusion: FusionService
    policies: PolicyService
    forecasts: ForecastService
    challenges: ChallengeService
    promotions: PromotionService
    review_options: OptionsService[ReviewOptions]
    queue_options: OptionsService[QueueOptions]
    breaker_options: OptionsService[BreakerOptions]
    learning_triggers: OptionsService[LearningTriggers]
    jobs: JobService
    learning_schedule: LearningSchedule
    notice: Notice
    triage: TriageService
    unattended_triage: UnattendedTriage
    fetcher: ImageFetcher
    inspector: Inspector
    stored_images: StoredImages
    gate: ReadingGate
    workshop: Workshop
    breaker: CircuitBreaker
    cards: CardService
    views: ViewService
    upload_cache: UploadCache
    uploads: Uploads
    uploaded: UploadedBatches
    storage: StorageWatch

    def close(self) -> None:
        """Stop computing views, finish what is being stored, and close the database."""
        self.unattended_triage.close()
        self.feature_maps.close()
        self.monitoring.close()
        self.stored_images.close()
        self.workshop.close()
        self.views.close()
        self.batched_review.close()
        self.people.close()
        self.tokens.close()
        self.database.close()


def open_application(settings: Settings) -> Application:
    """Open the data directory, made if it is new.

    Raises:
        SettingsError: the data directory cannot be made or written to.
        SchemaError: the database was written by an older, newer or altogether different program.
    """
    secret = _open_data_dir(settings.data_dir)
    database = open_database(settings)
    try:
        ensure_schema(database)
        require_seal_key(database)
    except BaseException:
        database.close()
        raise
    limits = file_limits(settings)
    media = media_store(settings)
    detectors = Detectors(settings, database, media, limits)
    policies = PolicyService(database, detectors)
    forecasts = ForecastService(database, detectors)
    breaker = CircuitBreaker(database, secret)
    if not database.read_only:
        breaker.check()
    review = ReviewService(
        ReviewContext(database, opinion_of, after_answers=breaker.after_verdicts)
    )
    stored_images = StoredImages(database, media, limits)
    gate = ReadingGate(database, stored_images)
    triage = TriageService(database, policies, detectors, secret, breaker.check)
    workshop = Workshop(settings.reading_niceness)
    credentials = Credentials(settings.c2pa_trust)
    archives = ArchiveLimits(max_total_bytes=int(settings.max_archive_mb * _MIB))
    return Application(
        settings=settings,
        database=database,
        media=media,
        people=People(
            database, settings.session_hours, settings.link_minutes, settings.idle_minutes
        ),
        tokens=TokenBook(database),
        idempotency=IdempotencyService(database),
        review=review,
        batched_review=BatchedReview(review, database),
        records=RecordService(database),
        exports=ExportService(database, media, settings.data_dir / "exports"),
        monitoring=MonitoringService(database),
        feature_maps=FeatureMaps(database),
        service_level=OptionsService(
            database, ServiceLevel, read_service_level, change_service_level
        ),
        monitoring_refresh=MonitoringRefresh(database),
        intake=IntakeService(database, media, limits, archives, credentials),
        scores=ScoreIntake(database, settings.max_score_rows),
        detectors=detectors,
        fusion=FusionService(database, detectors),
        policies=policies,
        forecasts=forecasts,
        challenges=ChallengeService(database, forecasts, detectors),
        promotions=PromotionService(database, policies),
        review_options=OptionsService(database, ReviewOptions, read_options, change_options),
        queue_options=OptionsService(
            database, QueueOptions, read_queue_options, change_queue_options
        ),
        breaker_options=OptionsService(
            database, BreakerOptions, read_breaker_options, change_breaker_options
        ),
        learning_triggers=OptionsService(
            database, LearningTriggers, read_learning_triggers, change_learning_triggers
        ),
        jobs=JobService(database, settings.kept_jobs),
        learning_schedule=LearningSchedule(database),
        notice=Notice(database),
        triage=triage,
        unattended_triage=UnattendedTriage(triage),
        fetcher=ImageFetcher(limits.max_bytes),
        inspector=Inspector(
            policies,
            detectors,
            gate,
            workshop,
            inspect_limits(settings),
            settings.data_dir / "samples",
            settings.c2pa_trust,
            find_faces=settings.find_faces,
        ),
        stored_images=stored_images,
        gate=gate,
        workshop=workshop,
        breaker=breaker,
        cards=CardService(policies, detectors),
        views=ViewService(
            media, int(settings.max_views_mb * _MIB), limits, policies, detectors, workshop
        ),
        upload_cache=UploadCache(settings.data_dir / "inspected"),
        uploads=Uploads(settings.data_dir / "uploads", int(settings.max_uploads_mb * _MIB)),
        uploaded=UploadedBatches(settings.data_dir / "uploaded"),
        storage=StorageWatch(database),
    )


def open_database(settings: Settings) -> Database:
    """The database that the settings name, as it is; the caller closes it.

    Where neither its file nor its folder may be written to, it is opened for reading alone.
    """
    return Database(
        settings.url,
        storage_error,
        settings.seal_key_file or settings.data_dir / SEAL_KEY,
        settings.seal_heads_file or settings.data_dir / SEAL_HEADS,
        read_only=_may_only_be_read(settings),
    )


def _may_only_be_read(settings: Settings) -> bool:
    path = Path(make_url(settings.url).database or "")
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def media_store(settings: Settings) -> MediaStore:
    """The stored images of the data directory that the settings name."""
    return MediaStore(settings.data_dir / "media")


def require_seal_key(database: Database) -> None:
    """Refuse to go on without the key of the audit log: what is written then would seem forged.

    Raises:
        SettingsError: with what to do.
    """
    try:
        with database.read() as repos:
            database.keys.in_use(driver_of(repos.session))
    except SealKeyError as error:
        raise SettingsError(f"REVIEW_SEAL_KEY_FILE: {error}") from error


def file_limits(settings: Settings) -> Limits:
    """What intake takes of one file."""
    return Limits(
        max_bytes=int(settings.max_file_mb * _MIB),
        max_pixels=int(settings.max_megapixels * 1_000_000),
    )


def inspect_limits(settings: Settings) -> Limits:
    """What Inspect reads of one file."""
    limits = file_limits(settings)
    pixels = int(settings.max_inspect_megapixels * 1_000_000)
    return replace(limits, max_pixels=min(pixels, limits.max_pixels))


def _open_data_dir(path: Path) -> bytes:
    """Make the folder if need be; its secret."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        return deployment_secret(path)
    except OSError as error:
        raise SettingsError(
            f"REVIEW_DATA_DIR: {path} cannot be used ({error.strerror}); "
            "choose a folder that you may write to"
        ) from error


def ensure_schema(database: Database) -> None:
    """Make the tables of a new database; refuse one of another version.

    Raises:
        SchemaError: with the command that mends it.
    """
    current, head = upgradable_revision(database), migrations.head_revision()
    if current is None:
        upgrade_database(database)
    elif current != head:
        raise SchemaError(
            f"the database is at revision {current}, this program needs {head}. "
            "Make a copy of it, then run: deepfake-review db upgrade"
        )


def upgrade_database(database: Database) -> int | None:
    """Bring the tables to this program's schema and, of a database from before there were seals,
    seal all there is, both or neither; the event that sealed it."""
    sealed: list[int | None] = []
    migrations.upgrade(
        database.engine,
        then=lambda connection: sealed.append(begin_sealing(connection, database.keys)),
    )
    return sealed[0]


def upgradable_revision(database: Database) -> str | None:
    """The revision that the database is at, from which this program can bring it to its own; None
    for an empty one.

    Raises:
        SchemaError: a newer program wrote it, or one that has nothing to do with this.
    """
    current = migrations.current_revision(database.engine)
    if current is None and inspect(database.engine).get_table_names():
        raise SchemaError(
            f"{database.engine.url.database} holds the tables of another program; "
            "choose another file: REVIEW_DATABASE_URL=sqlite:////..."
        )
    if current is not None and current not in migrations.known_revisions():
        raise SchemaError(
            f"the database is at revision {current}, which this program (revision "
            f"{migrations.head_revision()}) does not know: a newer program wrote it. "
            "Run: pip install --upgrade deepfake-review"
        )
    return current
