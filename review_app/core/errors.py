"""Every error the application raises on purpose.

::

    ReviewAppError
    ├── SettingsError          a setting is missing, unsafe or contradicts another
    ├── SchemaError            the database is older or newer than this program
    ├── InputError             something a person gave cannot be used as it is
    │   ├── ManifestError      a manifest; names the rows
    │   ├── TooLargeError      more than is taken at once
    │   ├── IdempotencyError   a key that was used for another call
    │   ├── AddressError       an address that this server does not call
    │   └── RefusedFile        one file of a batch; carries a RefusalReason
    ├── DetectorError
    │   ├── BackboneError      unknown backbone, or its weights cannot be had
    │   └── CheckpointError    missing, damaged, or of another schema
    ├── CalibrationError       too few labels, or labels that cannot certify anything
    ├── StorageError           the database's files cannot be used
    │   ├── StorageLostError   they were replaced or deleted under the running program
    │   └── NotStoredError     the disk is full, read-only or fails: nothing was stored
    ├── DamagedImageError      a stored image is no longer what was stored
    ├── NotAllowedError        the person is signed in but may not do this
    │   └── ScopeError         their token is not made for it
    ├── LimitError             too much in a short time; says when it goes on
    ├── TrackerError           a run was not logged to the tracker of experiments
    ├── NotFoundError          no such item, user, image or checkpoint
    ├── BusyError              too much of the kind waits to be done already
    ├── JobCancelled           somebody asked that a long job end
    └── ConflictError          somebody or something was there first
        ├── ChangedSinceError  somebody changed what a form is about since it was loaded
        ├── ClaimLostError     the item is no longer held by this reviewer
        └── QuotaError         as much as is allowed is there already

A message says what happened and what to do next. ``RefusedFile`` never ends a batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from review_app.i18n import ENGLISH, Language, Text


class ReviewAppError(Exception):
    """Root of the tree: whatever is caught as this has a message fit for a person.

    What a reviewer may read is given as a `Text`: ``str`` has it in English, for logs and the
    command line, ``render`` in any language.
    """

    def __init__(self, message: str | Text) -> None:
        super().__init__(message if isinstance(message, str) else message.render(ENGLISH))
        self._message = message

    @property
    def text(self) -> str | Text:
        """The message as it was given."""
        return self._message

    def render(self, language: Language) -> str:
        """The message in ``language``, where it is known by a key, else as it was given."""
        message = self._message
        return message if isinstance(message, str) else message.render(language)


class SettingsError(ReviewAppError):
    """A setting is missing, unsafe or contradicts another."""


class SchemaError(ReviewAppError):
    """The database schema is older or newer than this program."""


class InputError(ReviewAppError):
    """Something a person gave cannot be used as it is."""


class ManifestError(InputError):
    """A manifest cannot be used; the message names the file and its rows."""


class TooLargeError(InputError):
    """More was sent than is taken at once."""


class IdempotencyError(InputError):
    """An idempotency key that was used for another call already."""


class AddressError(InputError):
    """An address that this server does not call. ``is_unknown``: its name means nothing."""

    def __init__(self, message: Text, *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


class RefusalReason(StrEnum):
    """A reason why intake refused a file."""

    UNREADABLE = "unreadable"
    """The bytes cannot be read or decoded: truncated, damaged, or no permission."""
    TOO_LARGE = "too_large"
    """More bytes or pixels than the settings allow."""
    BOMB = "bomb"
    """A small file that unpacks into something huge."""
    NOT_AN_IMAGE = "not_an_image"
    """The content is something else, whatever the name says."""
    EMPTY = "empty"
    """The file has zero bytes."""
    UNSUPPORTED = "unsupported"
    """An image or file type that intake does not take."""
    MISSING = "missing"
    """A manifest row or argument names a file that is not there."""
    LABEL_CONFLICT = "label_conflict"
    """The same content is known already with the opposite label."""
    DELETED = "deleted"
    """The same file was here, and an admin deleted it."""


class RefusedFile(InputError):  # noqa: N818 - a refusal is an outcome that is reported, not a fault
    """One file of a batch was refused; the batch goes on."""

    def __init__(self, path: str, reason: RefusalReason, detail: str | Text) -> None:
        self._detail = detail
        super().__init__(f"{path}: {reason} ({self.detail})")
        self.path = path
        self.reason = reason

    @property
    def detail(self) -> str:
        """What is the matter with the file, in English."""
        return self.detail_in(ENGLISH)

    @property
    def detail_text(self) -> str | Text:
        """What is the matter with the file, as it was given."""
        return self._detail

    def renamed(self, path: str, hidden: Iterable[str] = ()) -> RefusedFile:
        """The same refusal, of a file that people know as ``path``; its detail without the folders
        that are ``hidden``."""
        detail = self._detail
        if isinstance(detail, str):
            for folder in hidden:
                detail = detail.replace(folder, "")
        return RefusedFile(path, self.reason, detail)

    def detail_in(self, language: Language) -> str:
        """What is the matter with the file, where it is known by a key; else as it was given."""
        return self._detail if isinstance(self._detail, str) else self._detail.render(language)


class DetectorError(ReviewAppError):
    """The detector cannot do what was asked."""


class BackboneError(DetectorError):
    """Unknown backbone, or its weights cannot be had."""


class CheckpointError(DetectorError):
    """A checkpoint is missing, damaged, or of another schema."""


class CalibrationError(ReviewAppError):
    """Too few labels, or labels that cannot certify anything."""


class StorageError(ReviewAppError):
    """The database's files cannot be used; whoever sent something keeps it and sends it again."""


class StorageLostError(StorageError):
    """The database's files were replaced or deleted under the running program, which stores nothing
    any more."""


class NotStoredError(StorageError):
    """The disk is full, read-only or fails: nothing was stored, and nothing half."""


class DamagedImageError(ReviewAppError):
    """A stored image is no longer what was stored; it is shown to nobody."""


class NotAllowedError(ReviewAppError):
    """The person is signed in but may not do this."""


class ScopeError(NotAllowedError):
    """The token is not made for this, whatever its owner may do."""


class LimitError(ReviewAppError):
    """The person has done too much of something in a short time; ``retry_after`` seconds on, they
    may go on."""

    def __init__(self, message: str | Text, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class TrackerError(ReviewAppError):
    """What was learned, or put in force, is not in the tracker of experiments."""


class NotFoundError(ReviewAppError):
    """No such item, user, image or checkpoint."""


class BusyError(ReviewAppError):
    """Too much of the kind waits to be done already; later there may be room."""


class JobCancelled(ReviewAppError):  # noqa: N818 - an outcome that was asked for, not a fault
    """A long job is to end: somebody asked for that, or another process has taken it over. What it
    has begun is to be cleared away."""


class ConflictError(ReviewAppError):
    """Somebody or something was there first."""


class ChangedSinceError(ConflictError):
    """Somebody changed what a form is about since it was loaded: nothing of theirs was overwritten.

    ``by`` and ``at``: who did, and when. ``fields``: names of what both have changed, where only a
    part of the form is in question. ``key``: of the sentence that says so.
    """

    def __init__(
        self,
        by: str | Text,
        at: datetime,
        fields: Sequence[str] = (),
        key: str = "changed.since",
        **values: str | int | Text,
    ) -> None:
        self.by = by
        self.at = at
        self.fields = tuple(fields)
        super().__init__(Text(key, {"by": by, "at": f"{at:%Y-%m-%d %H:%M} UTC", **values}))


class ClaimLostError(ConflictError):
    """The item is no longer held by this reviewer."""


class QuotaError(ConflictError):
    """There is as much as is allowed already; some of it has to go first."""
