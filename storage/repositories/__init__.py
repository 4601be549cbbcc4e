"""One small repository per aggregate, all on the session of one transaction."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import text
from sqlalchemy.orm import Session

from storage.columns.reading import DriverReader
from storage.repositories.alarms import Alarms
from storage.repositories.alerts import Alerts
from storage.repositories.assignments import Assignments
from storage.repositories.attempts import CertificationAttempts
from storage.repositories.batches import DecisionBatches
from storage.repositories.blind_audits import Audits
from storage.repositories.bulk_actions import BulkActions
from storage.repositories.calibration import CalibrationQueries
from storage.repositories.claims import Claims
from storage.repositories.comparisons import Comparisons
from storage.repositories.corrections import Corrections
from storage.repositories.counts import Counts
from storage.repositories.descriptors import Descriptors
from storage.repositories.desks import Desks
from storage.repositories.detector import Checkpoints, Features, Predictions
from storage.repositories.event_history import EventHistory
from storage.repositories.event_log import AuditLog
from storage.repositories.export_batches import ExportBatches
from storage.repositories.faces import Faces
from storage.repositories.generator_claims import GeneratorClaims
from storage.repositories.gold import Gold
from storage.repositories.held_out import HeldOutLabels
from storage.repositories.idempotency import IdempotentCalls
from storage.repositories.images import Images
from storage.repositories.item_marks import ItemMarks
from storage.repositories.items import Items, KnownLabels
from storage.repositories.jobs import Jobs
from storage.repositories.labels import Labels
from storage.repositories.member_scores import MemberScores
from storage.repositories.monitoring import Monitoring
from storage.repositories.open_slots import OpenSlots
from storage.repositories.options import Options
from storage.repositories.outbox import Outbox
from storage.repositories.people import Devices, Links, Sessions, Users
from storage.repositories.projections import Projections
from storage.repositories.readings import Readings
from storage.repositories.records import Records
from storage.repositories.replays import StoredDecisions
from storage.repositories.reviewers import Reviewers
from storage.repositories.saved_views import SavedViews
from storage.repositories.second_looks import SecondLooks
from storage.repositories.skill_weights import SkillWeightBook
from storage.repositories.subscriptions import Subscriptions
from storage.repositories.taken_files import TakenFiles
from storage.repositories.taking import Taking
from storage.repositories.tallies import Tallies
from storage.repositories.tokens import ApiTokens
from storage.repositories.triage import Decisions, Policies
from storage.repositories.unscored import Unscored

__all__ = ["Repositories"]


class Repositories:
    """The repositories that a transaction can reach; each is made when first used."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def integrity(self) -> str:
        """``ok``, or what SQLite finds wrong with its file."""
        return str(self.session.execute(text("PRAGMA integrity_check")).scalar_one())

    @cached_property
    def images(self) -> Images:
        """Distinct files, by hash."""
        return Images(self.session)

    @cached_property
    def descriptors(self) -> Descriptors:
        """What near-duplicates are recognised by."""
        return Descriptors(self.session)

    @cached_property
    def readings(self) -> Readings:
        """What people had read in Inspect, and which stored images resemble it."""
        return Readings(self.session)

    @cached_property
    def items(self) -> Items:
        """Images in the queue, and their states."""
        return Items(self.session)

    @cached_property
    def item_marks(self) -> ItemMarks:
        """What admins put on images: tags, the archive, tombstones."""
        return ItemMarks(self.session)

    @cached_property
    def generator_claims(self) -> GeneratorClaims:
        """What files say of the generators that made them."""
        return GeneratorClaims(self.session)

    @cached_property
    def assignments(self) -> Assignments:
        """Images that one person alone is handed."""
        return Assignments(self.session)

    @cached_property
    def bulk_actions(self) -> BulkActions:
        """Actions on many images, and what they changed."""
        return BulkActions(self.session)

    @cached_property
    def known_labels(self) -> KnownLabels:
        """Labels that came with images."""
        return KnownLabels(self.session)

    @cached_property
    def taken_files(self) -> TakenFiles:
        """Files that an intake has taken before."""
        return TakenFiles(self.session)

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """Checkpoints that have scored something."""
        return Checkpoints(self.session)

    @cached_property
    def features(self) -> Features:
        """Features of images, by backbone."""
        return Features(self.session)

    @cached_property
    def projections(self) -> Projections:
        """What models made of features before they asked a head."""
        return Projections(self.session)

    @cached_property
    def unscored(self) -> Unscored:
        """Images that a detector has yet to score."""
        return Unscored(self.session)

    @cached_property
    def faces(self) -> Faces:
        """The places of faces, by item."""
        return Faces(self.session)

    @cached_property
    def predictions(self) -> Predictions:
        """What heads say of images."""
        return Predictions(self.session)

    @cached_property
    def member_scores(self) -> MemberScores:
        """What several detectors said of the same images."""
        return MemberScores(self.session)

    @cached_property
    def policies(self) -> Policies:
        """Policy versions."""
        return Policies(self.session)

    @cached_property
    def monitoring(self) -> Monitoring:
        """What monitoring reads of the stream, and what it found last."""
        return Monitoring(self.session)

    @cached_property
    def alarms(self) -> Alarms:
        """Alarms of the audits."""
        return Alarms(self.session)

    @cached_property
    def alerts(self) -> Alerts:
        """What needs an admin now."""
        return Alerts(self.session)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Who is told of what."""
        return Subscriptions(self.session)

    @cached_property
    def outbox(self) -> Outbox:
        """What is to be told."""
        return Outbox(self.session)

    @cached_property
    def attempts(self) -> CertificationAttempts:
        """Tries to certify."""
        return CertificationAttempts(self.session)

    @cached_property
    def comparisons(self) -> Comparisons:
        """Comparisons of challengers with champions."""
        return Comparisons(self.session)

    @cached_property
    def held_out(self) -> HeldOutLabels:
        """Labels on which two detectors may be compared."""
        return HeldOutLabels(self.session)

    @cached_property
    def stored_decisions(self) -> StoredDecisions:
        """The queue, as two detectors see it."""
        return StoredDecisions(self.session)

    @cached_property
    def decisions(self) -> Decisions:
        """What policies decided on items."""
        return Decisions(self.session)

    @cached_property
    def batches(self) -> DecisionBatches:
        """Decisions that one event seals."""
        return DecisionBatches(self.session)

    @cached_property
    def audits(self) -> Audits:
        """Blind audits and what they found."""
        return Audits(self.session)

    @cached_property
    def claims(self) -> Claims:
        """Who holds which item, and until when."""
        return Claims(self.session)

    @cached_property
    def open_slots(self) -> OpenSlots:
        """Items that wait for a person, to be leased."""
        return OpenSlots(self.session)

    @cached_property
    def taking(self) -> Taking:
        """What people took and gave back, for their figures."""
        return Taking(self.session)

    @cached_property
    def labels(self) -> Labels:
        """Answers of people."""
        return Labels(self.session)

    @cached_property
    def jobs(self) -> Jobs:
        """Background jobs."""
        return Jobs(self.session)

    @cached_property
    def corrections(self) -> Corrections:
        """Corrections by admins."""
        return Corrections(self.session)

    @cached_property
    def users(self) -> Users:
        """Accounts."""
        return Users(self.session)

    @cached_property
    def sessions(self) -> Sessions:
        """Signed-in browsers."""
        return Sessions(self.session)

    @cached_property
    def devices(self) -> Devices:
        """Browsers at which people have signed in."""
        return Devices(self.session)

    @cached_property
    def links(self) -> Links:
        """One-time sign-in links."""
        return Links(self.session)

    @cached_property
    def desks(self) -> Desks:
        """Queues beside this one, and who belongs to which."""
        return Desks(self.session)

    @cached_property
    def tokens(self) -> ApiTokens:
        """Tokens that programs call the API with."""
        return ApiTokens(self.session)

    @cached_property
    def idempotent_calls(self) -> IdempotentCalls:
        """Calls of programs that may be sent again."""
        return IdempotentCalls(self.session)

    @cached_property
    def audit(self) -> AuditLog:
        """The log, to be written."""
        return AuditLog(self.session)

    @cached_property
    def event_history(self) -> EventHistory:
        """The log, to be shown."""
        return EventHistory(self.session)

    @cached_property
    def options(self) -> Options:
        """What admins have chosen."""
        return Options(self.session)

    @cached_property
    def counts(self) -> Counts:
        """Numbers for the overview."""
        return Counts(self.session)

    @cached_property
    def tallies(self) -> Tallies:
        """Counters."""
        return Tallies(self.session)

    @cached_property
    def calibration(self) -> CalibrationQueries:
        """Labels with scores, for certificates."""
        return CalibrationQueries(self.session)

    @cached_property
    def export_batches(self) -> ExportBatches:
        """What exports tell, by the column."""
        return ExportBatches(DriverReader(self.session))

    @cached_property
    def reviewers(self) -> Reviewers:
        """How people answer."""
        return Reviewers(self.session)

    @cached_property
    def second_looks(self) -> SecondLooks:
        """Settled images that another person looks at again."""
        return SecondLooks(self.session)

    @cached_property
    def skill_weights(self) -> SkillWeightBook:
        """What people's answers weigh."""
        return SkillWeightBook(self.session)

    @cached_property
    def gold(self) -> Gold:
        """Settled images that test reviewers."""
        return Gold(self.session)

    @cached_property
    def saved_views(self) -> SavedViews:
        """Filters that admins keep under a name."""
        return SavedViews(self.session)

    @cached_property
    def records(self) -> Records:
        """The search over images."""
        return Records(self.session)
