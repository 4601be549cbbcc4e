"""The closed sets that the database stores as text."""

from __future__ import annotations

from enum import StrEnum


class ItemState(StrEnum):
    """The state of an item of the queue, which is in exactly one of these at any moment."""

    PENDING = "pending"
    """The image was taken in and is not scored yet."""
    AUTO_ACCEPTED = "auto_accepted"
    """A certified policy has accepted the image; no person is asked."""
    IN_REVIEW = "in_review"
    """The image waits for people, or is held by one."""
    RESOLVED = "resolved"
    """People, or a known label, gave the verdict."""
    ESCALATED = "escalated"
    """Reviewers could not settle it, or one of them asked for an admin, who decides."""
    FAILED = "failed"
    """Could not be scored; the reason is in the audit log."""


class CountKind(StrEnum):
    """What is counted by the hour: items by the hour since which they are in a state, and more."""

    ARRIVED = "arrived"
    """Items, by when they were taken in."""
    PENDING = "pending"
    AUTO_ACCEPTED = "auto_accepted"
    IN_REVIEW = "in_review"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    FAILED = "failed"
    CAME = "came"
    """Items that waited for people and do so no longer, by when they had come to them."""
    SETTLED = "settled"
    """The same items, by the hour since which they wait no longer."""
    LABEL = "label"
    """Labels in force, by when they were given."""
    KNOWN_LABEL = "known_label"
    """Labels that came with images, by when they were taken in."""


class PlacedBy(StrEnum):
    """What an item's rank in the queue was made from. Low ranks are handed out first, and ranks of
    one kind lie together: the last kind here comes first."""

    TIME = "time"
    """The time of its run, and at random within it: nothing of the image chose the place."""
    TIME_AGAIN = "time_again"
    """The time since when it waits, after the queue had been ordered by worth."""
    WORTH = "worth"
    """The worth of a look."""
    RACE = "race"
    """The worth of a look and chance together; among the ranks of worth, with which none of it ever
    waits."""
    DEADLINE = "deadline"
    """It was handed out because it had waited longer than the deadline."""
    HAND = "hand"
    """An admin sent it to people, put it before others, or kept it for one of them."""


class Route(StrEnum):
    """The place that an image goes to."""

    ACCEPT_REAL = "accept_real"
    """The image is accepted as real, without a person."""
    ACCEPT_FAKE = "accept_fake"
    """The image is accepted as fake, without a person."""
    REVIEW = "review"
    """A person decides."""


class PolicyState(StrEnum):
    """Whether auto-accept is open."""

    LEARNING = "learning"
    """Cold start: everything goes to people, and their labels collect until they prove enough."""
    CERTIFIED = "certified"
    """At least one side is proven: it accepts by itself what lies beyond its threshold."""
    SUSPENDED = "suspended"
    """An alarm or an admin has closed auto-accept: everything goes to people until it is certified
    again."""


class TriageFlag(StrEnum):
    """A use that an image in review has besides."""

    RETRAIN = "retrain"
    """Epistemic: the detector does not know images like this one; a label here would teach it."""
    SECOND_REVIEWER = "second_reviewer"
    """Aleatoric: the image itself is unclear, so another person should look, too."""


class CheckpointKind(StrEnum):
    """The origin of a detector's scores."""

    TRAINED = "trained"
    """The scores are computed here, by the heads in the checkpoint's folder."""
    EXTERNAL = "external"
    """Brought by score files; no model of it is here."""
    FUSED = "fused"
    """Made of other detectors' scores; all that it needs is in its card."""
    CASCADED = "cascaded"
    """Two detectors in a row; all that it needs beside them is in its card."""


class LabelValue(StrEnum):
    """The value of a label: what a person says an image is."""

    REAL = "real"
    """A photograph as a camera made it, ordinary processing included."""
    FAKE = "fake"
    """Generated or manipulated, wholly or in part."""
    UNSURE = "unsure"
    """Looked at, and cannot tell."""
    UNDECIDABLE = "undecidable"
    """Nobody can tell from this image: too small, too damaged, or with nothing to judge in it."""


ACCEPTED_AS = {Route.ACCEPT_REAL: LabelValue.REAL, Route.ACCEPT_FAKE: LabelValue.FAKE}
"""The verdict of what the policy accepts by itself."""


class ClaimOutcome(StrEnum):
    """The way in which a claim ended."""

    LABELLED = "labelled"
    """The reviewer answered."""
    SKIPPED = "skipped"
    """The reviewer passed; the item is never offered to that person again."""
    RELEASED = "released"
    """The item was given back unanswered, by signing out or closing the page."""
    EXPIRED = "expired"
    """The lease ran out."""
    OUTWORN = "outworn"
    """It had been renewed for so long that others come first now."""


class Role(StrEnum):
    """The role of a user, which tells what they may do."""

    ADMIN = "admin"
    """Sees the queue, manages policy and people, exports, and may review."""
    LEAD = "lead"
    """Sees the queue and how people answer, decides what reviewers could not, and may review."""
    REVIEWER = "reviewer"
    """Labels the items handed out and inspects own uploads."""


class SignInMethod(StrEnum):
    """The way in which a session began."""

    PASSWORD = "password"  # noqa: S105 - the word, not one
    """The person came by name and password."""
    LINK = "link"
    """The person came by a one-time link."""


class AuditKind(StrEnum):
    """The kind of an event of the log."""

    INGESTED = "ingested"
    """An item entered the queue."""
    SCORES_INGESTED = "scores_ingested"
    """A score file was taken in, with the items and known labels that it brought."""
    FUSED = "fused"
    """Several detectors became one, fused or in a row."""
    TRIAGED = "triaged"
    """The policy decided."""
    FAILED = "failed"
    """Scoring failed."""
    RETRIED = "retried"
    """A failed item was put back to pending."""
    LABELLED = "labelled"
    """A label was stored."""
    UNDONE = "undone"
    """A reviewer withdrew a label."""
    CHANGED = "changed"
    """A reviewer gave another answer in place of an earlier one."""
    CORRECTED = "corrected"
    """An admin put a final verdict right."""
    KNOWN_LABEL = "known_label"
    """A manifest brought a known label."""
    SECOND_LOOK = "second_look"
    """An image that one person had settled was drawn to be shown to another."""
    SKILL_WEIGHTS = "skill_weights"
    """What people's answers weigh was computed anew."""
    POLICY_APPLIED = "policy_applied"
    """A policy version became the one in force."""
    CERTIFICATION_TRIED = "certify_tried"
    """Somebody tried to certify; each try spends some of the confidence."""
    COMPARED = "compared"
    """Somebody looked at what labels say of a challenger; each look spends some confidence, too."""
    PROMOTED = "promoted"
    """A challenger was put in force in place of the champion."""
    ROLLED_BACK = "rolled_back"
    """The detector before the one in force was put in force again."""
    ALARM = "alarm"
    """The audits' evidence turned against a certificate, and auto-accept was suspended."""
    REOPENED = "reopened"
    """An alarm sent to people what the policy had accepted."""
    ALARM_SETTLED = "alarm_settled"
    """All that an alarm sends to people is with them."""
    LIMITED = "limited"
    """A reviewer was refused more for now: too many skips, or too many images unanswered."""
    OPTIONS_CHANGED = "options_changed"
    """An admin changed how review works."""
    BULK_ASKED = "bulk_asked"
    """An admin asked for something to be done to many images."""
    BULK_CHANGED = "bulk_changed"
    """Some of those images were changed by it."""
    LAPSED = "lapsed"
    """Images that were kept for one person are everybody's again."""
    EXPORTED = "exported"
    """Labels left the system."""
    USER_ADDED = "user_added"
    """An account was made."""
    USER_DISABLED = "user_disabled"
    """An account was closed."""
    USER_ENABLED = "user_enabled"
    """A closed account was opened again."""
    ROLE_CHANGED = "role_changed"
    """An account was given another role."""
    SIGN_IN_RESET = "sign_in_reset"
    """An admin took back all that somebody could sign in by, so that a new link is the one way."""
    SIGNED_IN = "signed_in"
    """A session began."""
    LINK_MADE = "link_made"
    """A one-time sign-in link was made."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the word, not one
    """Somebody gave their account another password, or a first one."""
    SESSIONS_ENDED = "sessions_ended"
    """Sessions were ended other than by signing out: by their owner, or by an admin."""
    TOKEN_MADE = "token_made"  # noqa: S105 - the word, not one
    """A token for the API was made."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the word, not one
    """A token for the API was ended before its time."""
    SUBSCRIBED = "subscribed"
    """An admin had somebody, or a program, told of alarms or decisions from here on."""
    UNSUBSCRIBED = "unsubscribed"
    """The end of that."""
    TELLING_PAUSED = "telling_paused"
    """Somebody, or a program, is told of nothing until that is taken back."""
    TELLING_RESUMED = "telling_resumed"
    """The end of that."""
    SECRET_ROTATED = "secret_rotated"  # noqa: S105 - the word, not one
    """A webhook got another secret."""
    DESK_ADDED = "desk_added"
    """A queue of its own was made beside the one that is always there."""
    DESK_RENAMED = "desk_renamed"
    """A desk was given another title."""
    DESK_CLOSED = "desk_closed"
    """Nobody comes in at a desk any more."""
    DESK_REOPENED = "desk_reopened"
    """A closed desk was opened again."""
    MEMBER_ADDED = "member_added"
    """Somebody was given a place at a desk."""
    MEMBER_REMOVED = "member_removed"
    """Somebody's place at a desk was taken from them."""
    USER_AWAY = "user_away"
    """Somebody has no place in the queue that is always there any more."""
    USER_BACK = "user_back"
    """Somebody has a place in it again."""
    SEALED = "sealed"
    """Rows were written that no other event seals."""
    SEALING_BEGAN = "sealing_began"
    """Everything is sealed from here on, and what there was before is sealed as it was then."""
    REKEYED = "rekeyed"
    """The events that follow are chained under another key."""


class JobKind(StrEnum):
    """What a background job does."""

    EXPORT = "export"
    """Labels leave the system, as files."""
    LEARN = "learn"
    """A challenger is trained from people's labels."""
    FUSE = "fuse"
    """Detectors are combined into one."""
    COMPARE = "compare"
    """A challenger is held against the champion, and replayed on the stored queue."""
    BULK = "bulk"
    """Something is done to many images."""
    TRACK = "track"
    """What was learned, or put in force, is logged to a tracker of experiments."""
    DEMO = "demo"
    """The images of the demo are made, and its queue is brought about."""


class BulkKind(StrEnum):
    """What is done to many images at once."""

    REQUEUE = "requeue"
    """Images that the policy accepted go to people."""
    PRIORITISE = "prioritise"
    """Images that wait come before others."""
    ASSIGN = "assign"
    """Images that wait are handed to one person alone, for some time."""
    UNASSIGN = "unassign"
    """They are everybody's again."""
    ESCALATE = "escalate"
    """Images that wait for reviewers go to admins."""
    TAG = "tag"
    UNTAG = "untag"
    ARCHIVE = "archive"
    """Images that nobody waits for are out of the way of those who look for others."""
    UNARCHIVE = "unarchive"
    DELETE = "delete"
    """Nobody is shown the images any more; the files go once that can be undone no longer."""
    PURGE = "purge"
    """The files of deleted images are gone for good, and a tombstone stays. Nobody asks for it: it
    is due."""
    UNDO = "undo"
    """What another action has changed is as it was before."""


class JobState(StrEnum):
    """How far a background job is."""

    QUEUED = "queued"
    """It waits for its turn."""
    RUNNING = "running"
    """A process works on it, and holds a lease on it."""
    DONE = "done"
    """It ended with a result."""
    FAILED = "failed"
    """It ended with an error."""
    CANCELLED = "cancelled"
    """Somebody asked that it end, and it did."""


class JobCause(StrEnum):
    """Why a background job was asked for."""

    HAND = "hand"
    """A person asked for it."""
    LABELS = "labels"
    """Enough labels had become final since the last one."""
    SCHEDULE = "schedule"
    """Enough time had passed since the last one."""
    ALARM = "alarm"
    """The audits had raised an alarm."""


class Channel(StrEnum):
    """The way in which a subscription is told."""

    WEBHOOK = "webhook"
    """A signed call to an address, as Standard Webhooks describes it."""
    SLACK = "slack"
    """A call to an address that takes messages in the form of Slack's incoming webhooks."""
    MAIL = "mail"
    """A mail."""


class Topic(StrEnum):
    """What an event of the outbox is about, and what a subscription asks for."""

    AUTO_ACCEPTED = "item.auto_accepted"
    """A certified policy accepted an image."""
    RESOLVED = "item.resolved"
    """People, or a known label, gave the verdict; or gave another one."""
    ESCALATED = "item.escalated"
    """Reviewers could not settle an image; an admin decides."""
    CORRECTED = "item.corrected"
    """An admin put a final verdict right."""
    REOPENED = "item.reopened"
    """What was told of an image holds no longer: it is with people again."""
    FAILED = "item.failed"
    """An image could not be scored."""
    AUDITS = "alert.audits"
    """The audits closed auto-accept."""
    DRIFT = "alert.drift"
    """Images are no longer like those of the certificate's time."""
    CALIBRATION = "alert.calibration"
    """P(fake) cannot be taken at its word on the stream."""
    SERVICE_LEVEL = "alert.service_level"
    """Images have waited for people longer than was promised."""
    STORAGE = "alert.storage"
    """The disk of the database is nearly full."""
    LOG = "alert.log"
    """The audit log is not as the program left it."""
    JOB = "alert.job"
    """A background job failed."""
    DELIVERY = "alert.delivery"
    """Something could not be told, and is not tried any more."""
    TEST = "test"
    """Nothing happened: somebody tries whether it arrives."""


class DeliveryState(StrEnum):
    """How far the telling of one event to one subscription is."""

    WAITING = "waiting"
    """It is tried when it is due."""
    HELD = "held"
    """An earlier event of the same line has not been delivered yet."""
    DELIVERED = "delivered"
    """It was taken."""
    DEAD = "dead"
    """It was tried too often; an admin has it tried again, or lets it go."""
    DROPPED = "dropped"
    """An admin let it go, or the subscription ended."""
