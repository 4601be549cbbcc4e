"""Settings become a working application here: the one place where the parts are put together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from review_app.audits.circuit_breaker import (
    BreakerOptions,
    CircuitBreaker,
    change_breaker_options,
    read_breaker_options,
)
from review_app.bulk.purging import PurgeSchedule
from review_app.bulk.service import BulkService
from review_app.core.idempotency import IdempotencyService
from review_app.core.memory import MemoryWatch
from review_app.core.notice import Notice
from review_app.core.options import OptionsService
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
from review_app.learning.cascading import CascadeService
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
from review_app.notifications.mail import MailSender, MailServer
from review_app.notifications.senders import SlackSender, WebhookSender
from review_app.notifications.subscriptions import SubscriptionService
from review_app.notifications.watch import AlertWatch
from review_app.notifications.webhooks import WebhookCaller
from review_app.notifications.worker import DeliveryWorker
from review_app.opening import media_store, open_data_dir, open_database, open_whole
from review_app.people import (
    Admission,
    DeskBook,
    DeskPeople,
    DeskTokenBook,
    People,
    TokenBook,
    mirror_members,
)
from review_app.policy.decision_text import opinion_of
from review_app.policy.governance import PolicyService
from review_app.policy.review_options import ReviewOptions, change_options, read_options
from review_app.queueing.options import (
    QueueOptions,
    change_queue_options,
    read_queue_options,
)
from review_app.records.exports.service import ExportService
from review_app.records.saved_views import SavedViewService
from review_app.records.service import RecordService
from review_app.review.batched import BatchedReview
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.triage.forecasting import ForecastService
from review_app.triage.pipeline import TriageService
from review_app.triage.unattended import UnattendedTriage
from review_app.triage.uploaded import UploadedBatches
from storage.database import Database
from storage.enums import Channel
from storage.repositories.desks import Seat

_MIB = 1024**2


@dataclass(frozen=True)
class Application:
    """The services over one data directory."""

    settings: Settings
    database: Database
    media: MediaStore
    people: People
    tokens: TokenBook
    desks: DeskBook | None
    """The desks of the deployment; None where a command works on one of them, and not the
    server."""
    idempotency: IdempotencyService
    review: ReviewService
    batched_review: BatchedReview
    records: RecordService
    bulk: BulkService
    purge_schedule: PurgeSchedule
    saved_views: SavedViewService
    exports: ExportService
    monitoring: MonitoringService
    feature_maps: FeatureMaps
    service_level: OptionsService[ServiceLevel]
    monitoring_refresh: MonitoringRefresh
    intake: IntakeService
    scores: ScoreIntake
    detectors: Detectors
    fusion: FusionService
    cascades: CascadeService
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
    alerts: AlertWatch
    subscriptions: SubscriptionService
    deliveries: DeliveryWorker
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
    memory: MemoryWatch

    def close(self) -> None:
        """Stop computing views, finish what is being stored, and close the database."""
        self.deliveries.close()
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


def open_application(settings: Settings, admission: Admission | None = None) -> Application:
    """Open the data directory, made if it is new; that of a desk lets in whom ``admission`` does.

    Raises:
        SettingsError: the data directory cannot be made or written to.
        SchemaError: the database was written by an older, newer or altogether different program.
    """
    secret = open_data_dir(settings.data_dir)
    database = open_whole(settings)
    people, tokens, desks = _doors(settings, database, admission)
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
    caller, mail = WebhookCaller(settings.reached_by_webhooks), mail_server(settings)
    archives = ArchiveLimits(max_total_bytes=int(settings.max_archive_mb * _MIB))
    return Application(
        settings=settings,
        database=database,
        media=media,
        people=people,
        tokens=tokens,
        desks=desks,
        idempotency=IdempotencyService(database),
        review=review,
        batched_review=BatchedReview(review, database),
        records=RecordService(database),
        bulk=BulkService(database, media, secret),
        purge_schedule=PurgeSchedule(database),
        saved_views=SavedViewService(database),
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
        cascades=CascadeService(database, detectors),
        policies=policies,
        forecasts=forecasts,
        challenges=ChallengeService(database, forecasts, detectors),
        promotions=PromotionService(database, policies, bool(settings.mlflow_tracking_uri)),
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
        alerts=AlertWatch(database),
        subscriptions=SubscriptionService(database, secret, caller, mail is not None),
        deliveries=DeliveryWorker(
            database,
            {
                Channel.WEBHOOK: WebhookSender(caller, secret),
                Channel.SLACK: SlackSender(caller),
                Channel.MAIL: MailSender(mail, settings.address()),
            },
        ),
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
        uploads=Uploads(settings.uploads_dir, int(settings.max_uploads_mb * _MIB)),
        uploaded=UploadedBatches(settings.data_dir / "uploaded"),
        storage=StorageWatch(database),
        memory=MemoryWatch(database.shrink),
    )


def _doors(
    settings: Settings, database: Database, admission: Admission | None
) -> tuple[People, TokenBook, DeskBook | None]:
    """Who comes in, by session and by token; and the desks of the deployment."""
    if settings.desk:
        desks = None if admission is None else admission.desks
        return DeskPeople(database, admission), DeskTokenBook(database, admission), desks
    desks = desk_book(settings, database)
    people = People(
        database,
        settings.session_hours,
        settings.link_minutes,
        settings.idle_minutes,
        after_switch=desks.settle,
    )
    return people, TokenBook(database), desks


def desk_book(settings: Settings, database: Database) -> DeskBook:
    """The desks of the deployment of these settings, whose own ``database`` is open."""

    def mirror(name: str, seats: Sequence[Seat], actor: str) -> None:
        own = settings.for_desk(name)
        open_data_dir(own.data_dir)
        with closing(open_whole(own)) as mirrored:
            mirror_members(mirrored, seats, actor)

    return DeskBook(database, mirror)


def desk_settings(settings: Settings) -> Settings:
    """The settings of the desk that these settings name; themselves where they name none.

    Raises:
        NotFoundError: there is no such desk.
    """
    if not settings.desk:
        return settings
    open_data_dir(settings.data_dir)
    with closing(open_whole(settings)) as database:
        desk_book(settings, database).get(settings.desk)
    return settings.for_desk(settings.desk)


def desk_names(settings: Settings) -> list[str]:
    """The names of all desks of the deployment, oldest first; none of a desk."""
    if settings.desk:
        return []
    with closing(open_database(settings)) as database:
        return [desk.name for desk in desk_book(settings, database).all()]


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server that the settings name, if they do.

    Raises:
        SettingsError: the file of its password cannot be read.
    """
    if not settings.smtp_host:
        return None
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.mail_from,
        settings.smtp_user,
        settings.mail_password(),
    )


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
