"""What lies in a data directory is opened here, as it is: the database with its schema and the key
of its log, and the stored images. `bootstrap` builds the services over it."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url

import migrations
from review_app.core.errors import SchemaError, SettingsError
from review_app.core.faults import storage_error
from review_app.core.secret import deployment_secret
from review_app.core.settings import Settings
from review_app.forensics.claims import claimed_generators
from review_app.intake.store import MediaStore
from storage.database import Database
from storage.repositories.generator_claims import read_all_anew
from storage.seals.beginning import begin_sealing
from storage.seals.heads import FILE as SEAL_HEADS
from storage.seals.keyring import FILE as SEAL_KEY
from storage.seals.keyring import SealKeyError
from storage.seals.sealing import driver_of


def open_data_dir(path: Path) -> bytes:
    """Make the folder if need be; its secret."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        return deployment_secret(path)
    except OSError as error:
        raise SettingsError(
            f"REVIEW_DATA_DIR: {path} cannot be used ({error.strerror}); "
            "choose a folder that you may write to"
        ) from error


def open_whole(settings: Settings) -> Database:
    """The database, made if it is new, with its tables and its key."""
    database = open_database(settings)
    try:
        ensure_schema(database)
        require_seal_key(database)
    except BaseException:
        database.close()
        raise
    return database


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
    """Bring the tables to this program's schema, read anew what files claim and, of a database from
    before there were seals, seal all there is, all or nothing; the event that sealed it."""
    sealed: list[int | None] = []

    def finish(connection: Connection) -> None:
        read_all_anew(connection, claimed_generators)
        sealed.append(begin_sealing(connection, database.keys))

    migrations.upgrade(database.engine, then=finish)
    return sealed[0]


def upgradable_revision(database: Database) -> str | None:
    """The revision that the database is at, from which this program can bring it to its own; None
    for an empty one.

    Raises:
        SchemaError: a newer program wrote it, or one that has nothing to do with this.
    """
    # In this order: another process may make both at once, between the two looks.
    tables = inspect(database.engine).get_table_names()
    current = migrations.current_revision(database.engine)
    if current is None and tables:
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
