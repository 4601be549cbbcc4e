"""The key of the audit log: made once, kept, changed, and missed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from review_app.bootstrap import open_application
from review_app.core.errors import SettingsError
from review_app.core.settings import Settings
from storage.database import Database
from storage.enums import AuditKind, LabelValue
from storage.repositories.event_log import Event
from storage.seals.chain import key_of, stored_events
from storage.seals.keyring import FILE, SealKeyError, fingerprint
from storage.seals.sealing import driver_of
from tests.factories import Factory
from tests.seals.conftest import Copy, found, opened, rewrite


def _write(database: Database) -> None:
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, "ada"))


def test_it_is_made_with_the_first_event_and_its_owner_alone_reads_it(database: Database) -> None:
    path = database.keys.ring.path
    assert not path.exists()
    _write(database)
    kept = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    _write(database)
    assert path.read_bytes() == kept


def test_a_new_one_seals_what_follows_and_the_old_one_what_was(copy: Copy) -> None:
    data = copy()
    with opened(data) as database, opened(data) as server:
        _write(server)  # which remembers the key
        name = database.rekey("ada")
        _write(server)
        with server.read() as repos:
            newest = list(stored_events(driver_of(repos.session)))[-4:]
        keys = [key_of(event, server.keys.ring) for event in newest]
    assert keys[0] == keys[1] != keys[2] == keys[3] != None  # noqa: E711 - a chain of comparisons
    assert fingerprint(keys[3] or b"") == name
    assert found(data) == []


def test_whoever_has_the_old_key_rewrites_nothing(copy: Copy) -> None:
    data, thief = copy(), copy()
    with opened(data) as database:
        database.rekey("ada")
    stolen = (thief / FILE).read_text()
    assert stolen != (data / FILE).read_text()
    # The log as it was before, gone on with under the stolen key.
    rewrite(data, "DELETE FROM audit_event WHERE id > (SELECT max(id) - 2 FROM audit_event)")
    (data / "seal.heads").unlink()
    with opened(data) as database:
        database.keys.ring.path = thief / FILE
        _write(database)
    assert ["the newest key of the file" in words for words in found(data)] == [True]


def test_without_it_nothing_is_written(copy: Copy) -> None:
    data = copy()
    (data / FILE).unlink()
    with pytest.raises(SettingsError, match=r"REVIEW_SEAL_KEY_FILE.*put back the file"):
        open_application(Settings(data_dir=data))
    with opened(data) as database:
        with pytest.raises(SealKeyError):
            Factory(database).person("eve")
        with database.read() as repos:
            assert repos.users.by_name("eve") is None
    assert not (data / FILE).exists()


def test_one_kept_elsewhere_is_used(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "keys"
    settings = Settings(data_dir=tmp_path / "data", seal_key_file=elsewhere)
    open_application(settings).close()
    app = open_application(settings)
    app.policies.current()
    app.close()
    assert elsewhere.exists()
    assert not (tmp_path / "data" / FILE).exists()


def test_a_damaged_file_is_refused(copy: Copy) -> None:
    data = copy()
    (data / FILE).write_text("abc\n")
    with pytest.raises(SettingsError, match=r"cannot be read|is damaged"):
        open_application(Settings(data_dir=data))


def test_what_a_part_that_was_refused_wrote_is_sealed_nowhere(
    database: Database, factory: Factory
) -> None:
    person, item = factory.person(), factory.item()

    def add(value: LabelValue, client_id: str) -> None:
        with parts.write() as repos:
            from storage.models import Label

            row = Label(
                client_id=client_id, item_id=item, user_id=person.id, value=value, blind=True
            )
            repos.labels.add(row)
            repos.options.set(client_id, {}, None)
            repos.audit.add(Event(AuditKind.EXPORTED, "ada"))
            if value is LabelValue.FAKE:
                raise LookupError("refused")

    with database.together() as parts:
        add(LabelValue.REAL, "first-answer")
        with pytest.raises(LookupError):
            add(LabelValue.FAKE, "refused-answer")
        add(LabelValue.REAL, "last-answer")
    assert found(Path(str(database.engine.url.database)).parent) == []
