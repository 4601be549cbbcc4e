"""Faults of the disk in the words of the application."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from review_app.core.errors import NotStoredError, StorageError, StorageLostError
from review_app.i18n import Text
from storage.errors import Fault, StorageFault

_logger = logging.getLogger(__name__)
_ERRORS: dict[Fault, tuple[type[StorageError], str]] = {
    Fault.LOST: (StorageLostError, "refusals.storage_lost"),
    Fault.DAMAGED: (StorageError, "refusals.storage_damaged"),
    Fault.FULL: (NotStoredError, "refusals.disk_full"),
    Fault.READ_ONLY: (NotStoredError, "refusals.disk_read_only"),
    Fault.FAILING: (NotStoredError, "refusals.disk_failing"),
}
_BY_ERRNO = {
    errno.ENOSPC: Fault.FULL,
    errno.EDQUOT: Fault.FULL,
    errno.EFBIG: Fault.FULL,
    errno.EROFS: Fault.READ_ONLY,
    errno.EACCES: Fault.READ_ONLY,
    errno.EPERM: Fault.READ_ONLY,
    errno.EIO: Fault.FAILING,
}


def storage_error(fault: StorageFault) -> StorageError:
    """``fault`` as an error with a message for a person.

    Which file it is the log tells, and a note of the error, for whoever has the machine: no page.
    """
    _logger.error("the database cannot be used: %s", fault)
    kind, key = _ERRORS[fault.fault]
    found = kind(Text(key))
    found.add_note(fault.detail)
    return found


@contextmanager
def storing() -> Iterator[None]:
    """A block in which files are written.

    Raises:
        NotStoredError: there is no room for them, or they may not be written.
    """
    try:
        yield
    except OSError as error:
        fault = _BY_ERRNO.get(error.errno or 0)
        if fault is None:
            raise
        raise storage_error(StorageFault(fault, str(error))) from error
