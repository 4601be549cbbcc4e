"""The tables. Importing this package registers all of them on ``Base.metadata``."""

from storage.models.base import Base
from storage.models.bulk import (
    ArchivedItem,
    Assignment,
    BulkAction,
    BulkChange,
    Deletion,
    ItemTag,
    Tombstone,
)
from storage.models.counting import HourCount, LabelCount, SourceCount, SourceTally
from storage.models.desk import Desk, Membership
from storage.models.detector import CheckpointRow, Feature, Prediction, ProjectionRow
from storage.models.face import FaceRow
from storage.models.governance import Alarm, CertificationAttempt
from storage.models.idempotency import IdempotentCall
from storage.models.image import ClaimedGenerator, Image, Item, KnownLabel, Picture, QueuePlace
from storage.models.inspection import ImageDescriptor, Reading, ReadingMatch
from storage.models.job import JobRow
from storage.models.learning import ComparisonRow
from storage.models.monitoring import MonitoringResult
from storage.models.notification import (
    AlertRow,
    OutboxDelivery,
    OutboxEvent,
    SubscriptionRow,
)
from storage.models.people import KnownDevice, SignInLink, User, UserSession
from storage.models.record import AuditEvent, Option
from storage.models.review import (
    AwaitedLook,
    Claim,
    Correction,
    Disagreement,
    Label,
    SecondLook,
    SkillWeights,
)
from storage.models.score_file import ScoreFile
from storage.models.token import ApiToken
from storage.models.triage import DecisionRow, PolicyRow
from storage.models.view import SavedView

__all__ = [
    "Alarm",
    "AlertRow",
    "ApiToken",
    "ArchivedItem",
    "Assignment",
    "AuditEvent",
    "AwaitedLook",
    "Base",
    "BulkAction",
    "BulkChange",
    "CertificationAttempt",
    "CheckpointRow",
    "Claim",
    "ClaimedGenerator",
    "ComparisonRow",
    "Correction",
    "DecisionRow",
    "Deletion",
    "Desk",
    "Disagreement",
    "FaceRow",
    "Feature",
    "HourCount",
    "IdempotentCall",
    "Image",
    "ImageDescriptor",
    "Item",
    "ItemTag",
    "JobRow",
    "KnownDevice",
    "KnownLabel",
    "Label",
    "LabelCount",
    "Membership",
    "MonitoringResult",
    "Option",
    "OutboxDelivery",
    "OutboxEvent",
    "Picture",
    "PolicyRow",
    "Prediction",
    "ProjectionRow",
    "QueuePlace",
    "Reading",
    "ReadingMatch",
    "SavedView",
    "ScoreFile",
    "SecondLook",
    "SignInLink",
    "SkillWeights",
    "SourceCount",
    "SourceTally",
    "SubscriptionRow",
    "Tombstone",
    "User",
    "UserSession",
]
