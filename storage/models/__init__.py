"""The tables. Importing this package registers all of them on ``Base.metadata``."""

from storage.models.base import Base
from storage.models.counting import HourCount, LabelCount, SourceCount, SourceTally
from storage.models.detector import CheckpointRow, Feature, Prediction
from storage.models.face import FaceRow
from storage.models.governance import Alarm, CertificationAttempt
from storage.models.idempotency import IdempotentCall
from storage.models.image import Image, Item, KnownLabel, Picture, QueuePlace
from storage.models.inspection import ImageDescriptor, Reading, ReadingMatch
from storage.models.job import JobRow
from storage.models.learning import ComparisonRow
from storage.models.monitoring import MonitoringResult
from storage.models.people import KnownDevice, SignInLink, User, UserSession
from storage.models.record import AuditEvent, Option
from storage.models.review import Claim, Correction, Disagreement, Label
from storage.models.score_file import ScoreFile
from storage.models.token import ApiToken
from storage.models.triage import DecisionRow, PolicyRow

__all__ = [
    "Alarm",
    "ApiToken",
    "AuditEvent",
    "Base",
    "CertificationAttempt",
    "CheckpointRow",
    "Claim",
    "ComparisonRow",
    "Correction",
    "DecisionRow",
    "Disagreement",
    "FaceRow",
    "Feature",
    "HourCount",
    "IdempotentCall",
    "Image",
    "ImageDescriptor",
    "Item",
    "JobRow",
    "KnownDevice",
    "KnownLabel",
    "Label",
    "LabelCount",
    "MonitoringResult",
    "Option",
    "Picture",
    "PolicyRow",
    "Prediction",
    "QueuePlace",
    "Reading",
    "ReadingMatch",
    "ScoreFile",
    "SignInLink",
    "SourceCount",
    "SourceTally",
    "User",
    "UserSession",
]
