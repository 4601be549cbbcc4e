"""One small repository per aggregate, all on the session of one transaction."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import text
from sqlalchemy.orm import Session

from storage.repositories.alarms import Alarms
from storage.repositories.attempts import CertificationAttempts
from storage.repositories.batches import DecisionBatches
from storage.repositories.blind_audits import Audits
from storage.repositories.calibration import CalibrationQueries
from storage.repositories.claims import Claims
from storage.repositories.comparisons import Comparisons
from storage.repositories.corrections import Corrections
from storage.repositories.counts import Counts
from storage.repositories.descriptors import Descriptors
from storage.repositories.detector import Checkpoints, Features, Predictions
from storage.repositories.event_history import EventHistory
from storage.repositories.event_log import AuditLog
from storage.repositories.export_batches import ExportBatches
from storage.repositories.faces import Faces
from storage.repositories.gold import Gold
from storage.repositories.held_out import HeldOutLabels
from storage.repositories.idempotency import IdempotentCalls
from storage.repositories.images import Images
from storage.repositories.items import Items, KnownLabels
from storage.repositories.jobs import Jobs
from storage.repositories.labels import Labels
from storage.repositories.member_scores import MemberScores
from storage.repositories.monitoring import Monitoring
from storage.repositories.open_slots import OpenSlots
from storage.repositories.options import Options
from storage.repositories.people import Devices, Links, Sessions, Users
from storage.repositories.readings import Readings
from storage.repositories.records import Records
from storage.repositories.replays import StoredDecisions
from storage.repositories.reviewers import Reviewers
from storage.repositories.taken_files import TakenFiles
from storage.repositories.taking import Taking
from storage.repositories.tallies import Tallies
from storage.repositories.tokens import ApiTokens
from storage.repositories.triage import Decisions, Policies

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
        return ExportBatches(self.session)

    @cached_property
    def reviewers(self) -> Reviewers:
        """How people answer."""
        return Reviewers(self.session)

    @cached_property
    def gold(self) -> Gold:
        """Settled images that test reviewers."""
        return Gold(self.session)

    @cached_property
    def records(self) -> Records:
        """The search over images."""
        return Records(self.session)
