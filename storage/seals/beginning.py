"""The event that seals all there is: at the upgrade of a database from before there were seals.

It is chained to the last event from before, so that stretch is from then on as fixed as all that
follows. It cannot tell whether anybody had changed something earlier.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection

from storage.enums import AuditKind
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.seals.chain import NEWEST_TURN, is_plain, newest_events
from storage.seals.keyring import fingerprint
from storage.seals.keys import Keys
from storage.seals.sealing import (
    KEYS,
    Seals,
    WritingSession,
    driver_of,
    predictions_of,
    sealing_of,
    spans_of,
)
from storage.seals.status import pack
from storage.seals.tables import APPENDED, KEPT, PREDICTION


def begin_sealing(connection: Connection, keys: Keys) -> int | None:
    """Seal what there is, in the transaction of ``connection``, unless that was done or there is
    nothing; the event's id."""
    with WritingSession(connection, info={KEYS: keys}) as session:
        session.begin()
        driver = driver_of(session)
        newest = newest_events(driver, 1)
        if not newest or not is_plain(newest[0]) or driver.execute(NEWEST_TURN).fetchone():
            session.forget()
            return None
        last = newest[0]
        log, sealing = AuditLog(session), sealing_of(session)
        broken = log.first_broken()
        details = {"key": fingerprint(keys.in_use(driver)), "events": last.id}
        if broken is not None:
            details["broken_at"] = broken
        sealing.include(everything(driver))
        log.add(Event(AuditKind.SEALING_BEGAN, SYSTEM, details=details))
        session.flush()
        session.forget()
        session.commit()
    return last.id + 1


def everything(driver: sqlite3.Connection) -> Seals:
    """Seals of all evidence as it is now."""
    rows = {
        table: spans_of(sealed, driver.execute(f"{sealed.select} ORDER BY {sealed.key}"))
        for table, sealed in APPENDED.items()
    }
    kept = {
        table: {str(row[0]): sealed.digest([row]) for row in driver.execute(sealed.select)}
        for table, sealed in KEPT.items()
    }
    return {
        "rows": rows,
        "kept": kept,
        "predictions": predictions_of(driver.execute(f"{PREDICTION.select} ORDER BY rowid")),
        "status": pack(driver),
    }
