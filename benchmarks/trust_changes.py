"""Ways of changing the database behind the program's back, and what must be said of each.

Each is done with plain SQL by somebody who can write to the file and knows the program, but has no
key: append-only triggers are dropped first and put back afterwards.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.seals.chain import Stored, stored_events

Do = Callable[[sqlite3.Connection], None]
GENESIS = "0" * 64
_LABEL = (
    "client_id, item_id, user_id, value, comment, blind, revealed, adjudicates, extra, labelled_at"
)
_FLIP = "CASE value WHEN 'real' THEN 'fake' WHEN 'fake' THEN 'real' ELSE value END"


@dataclass(frozen=True)
class Change:
    """One of them."""

    name: str
    do: str | Do
    """SQL, or what does it."""
    table: str
    """What the check must name: the table, ..."""
    kind: str
    """... in what way its rows are not as sealed, ..."""
    rows: str
    """... and the rows, as SQL that finds their keys before the change."""
    protects: bool = True
    """The triggers are put back afterwards."""


def _rewrite_and_hash_anew(file: sqlite3.Connection) -> None:
    """Rewrite the log from event 60 on, as whoever knows the program but not the key would."""
    file.execute("UPDATE audit_event SET actor = 'nobody' WHERE id = 60")
    previous = file.execute("SELECT hash FROM audit_event WHERE id = 59").fetchone()[0]
    for event in list(stored_events(file, "id >= 60")):
        digest = _plain(event._replace(previous_hash=previous))
        file.execute(
            "UPDATE audit_event SET previous_hash = ?, hash = ? WHERE id = ?",
            (previous, digest, event.id),
        )
        previous = digest


def _append_label_and_event(file: sqlite3.Connection) -> None:
    """An answer of ada's, with an event that seals it as the program would, but for the key."""
    file.execute(
        f"INSERT INTO label ({_LABEL}) SELECT 'forged', id, 2, 'fake', '', 1, 0, 0, 0, "
        "'2026-01-01 00:00:00.000000' FROM item WHERE state = 'in_review' LIMIT 1"
    )
    last, previous = file.execute(
        "SELECT id, hash FROM audit_event ORDER BY id DESC LIMIT 1"
    ).fetchone()
    row = file.execute("SELECT max(id), item_id FROM label").fetchone()
    seals = json.dumps({"rows": {"label": [[row[0], row[0], "0" * 64, 1]]}})
    at = "2026-01-01 00:00:00.000000"
    event = Stored(
        last + 1, at, "ada", "labelled", row[1], "in_review", "in_review", "{}", seals, previous, ""
    )
    marks = ", ".join("?" * len(event))
    columns = ", ".join(Stored._fields)
    file.execute(
        f"INSERT INTO audit_event ({columns}) VALUES ({marks})",
        event._replace(hash=_plain(event)),
    )


def _begin_anew(file: sqlite3.Connection) -> None:
    """All events taken out, and one put in that would seal everything, without the key."""
    file.execute("DELETE FROM audit_event")
    event = Stored(
        1, "2026-01-01 00:00:00.000000", "system", "sealing_began", None, None, None,
        '{"key": "0"}', '{"rows": {}}', GENESIS, "",
    )  # fmt: skip
    columns, marks = ", ".join(Stored._fields), ", ".join("?" * len(event))
    file.execute(
        f"INSERT INTO audit_event ({columns}) VALUES ({marks})",
        event._replace(hash=_plain(event)),
    )


def _plain(event: Stored) -> str:
    content = event.canonical()
    assert content is not None
    return hashlib.sha256(content).hexdigest()


_NOW = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
CHANGES = (
    # Labels
    Change("all labels flipped", f"UPDATE label SET value = {_FLIP}",
           "label", "changed", "SELECT id FROM label WHERE value IN ('real', 'fake')"),
    Change("half of the labels deleted", "DELETE FROM label WHERE id % 2 = 0",
           "label", "missing", "SELECT id FROM label WHERE id % 2 = 0"),
    Change("labels moved to another person", "UPDATE label SET user_id = 3 WHERE user_id = 2",
           "label", "changed", "SELECT id FROM label WHERE user_id = 2"),
    Change("labels marked blind", "UPDATE label SET blind = 1 WHERE blind = 0",
           "label", "changed", "SELECT id FROM label WHERE blind = 0"),
    Change("a label moved to another image",
           "UPDATE label SET item_id = (SELECT max(id) FROM item) WHERE id = 2",
           "label", "changed", "SELECT 2"),
    Change("the newest labels deleted", "DELETE FROM label WHERE id > 10",
           "label", "missing", "SELECT id FROM label WHERE id > 10"),
    Change("an answer added",
           f"INSERT INTO label ({_LABEL}) SELECT 'forged', id, 2, 'fake', '', 1, 0, 0, 0, '{_NOW}' "
           "FROM item WHERE state = 'in_review' LIMIT 1",
           "label", "added", "SELECT max(id) + 1 FROM label"),
    Change("an answer added with an event that seals it", _append_label_and_event,
           "audit_event", "forged", "SELECT max(id) + 1 FROM audit_event"),
    # Known labels, corrections
    Change("known labels flipped", f"UPDATE known_label SET value = {_FLIP}",
           "known_label", "changed", "SELECT id FROM known_label"),
    Change("a known label deleted", "DELETE FROM known_label WHERE id = 3",
           "known_label", "missing", "SELECT 3"),
    Change("a known label added",
           "INSERT INTO known_label (item_id, value, provenance, created_at) "
           f"SELECT max(item_id), 'real', 'x.csv (row 1)', '{_NOW}' FROM label",
           "known_label", "added", "SELECT max(id) + 1 FROM known_label"),
    Change("a correction turned round", "UPDATE correction SET value = was, was = value",
           "correction", "changed", "SELECT id FROM correction"),
    # Predictions
    Change("the scores that decisions rest on",
           "UPDATE prediction SET score = 1 - score, p_fake = 1 - p_fake WHERE image_id < 20",
           "prediction", "changed", "SELECT DISTINCT image_id FROM prediction WHERE image_id < 20"),
    Change("what one head said of one image",
           "UPDATE prediction SET p_fake = 0.51 WHERE rowid = 7",
           "prediction", "changed", "SELECT image_id FROM prediction WHERE rowid = 7"),
    Change("predictions deleted", "DELETE FROM prediction WHERE image_id = 9",
           "prediction", "missing", "SELECT 9"),
    Change("a prediction added",
           "INSERT INTO prediction (image_id, checkpoint_id, head, p_fake, std, entropy, "
           "mutual_information, created_at, score, novelty) "
           "SELECT 9, checkpoint_id, 'forged', p_fake, std, entropy, mutual_information, "
           "created_at, score, novelty FROM prediction WHERE image_id = 9 LIMIT 1",
           "prediction", "added", "SELECT 9"),
    # Decisions
    Change("a decision's route", "UPDATE decision SET route = 'accept_fake' WHERE id = 20",
           "decision", "changed", "SELECT 20"),
    Change("audits made to look like none", "UPDATE decision SET audited = 0 WHERE audited = 1",
           "decision", "changed", "SELECT id FROM decision WHERE audited = 1"),
    Change("a decision appended past the seals",
           "INSERT INTO decision (item_id, policy_version, checkpoint_id, head, route, reasons, "
           "p_fake, std, entropy, mutual_information, score, audited, audit_probability, "
           "inclusion_probability, decided_at) SELECT item_id, policy_version, checkpoint_id, head,"
           " 'accept_real', reasons, p_fake, std, entropy, mutual_information, score, 0, 0.05, 1.0,"
           " decided_at FROM decision WHERE id = 40",
           "decision", "added", "SELECT max(id) + 1 FROM decision"),
    Change("the newest decisions deleted",
           "DELETE FROM decision WHERE id > (SELECT max(id) - 5 FROM decision)",
           "decision", "missing", "SELECT max(id) FROM decision"),
    # Items and images
    Change("verdicts flipped",
           "UPDATE item SET verdict = CASE verdict WHEN 'real' THEN 'fake' ELSE 'real' END "
           "WHERE verdict IS NOT NULL",
           "item", "changed", "SELECT id FROM item WHERE verdict IS NOT NULL"),
    Change("images accepted that wait", "UPDATE item SET state = 'auto_accepted' "
           "WHERE state = 'in_review'",
           "item", "changed", "SELECT id FROM item WHERE state = 'in_review'"),
    Change("a verdict that is open for ever",
           "UPDATE item SET final_at = '2999-01-01 00:00:00.000000' WHERE state = 'resolved'",
           "item", "changed", "SELECT id FROM item WHERE state = 'resolved'"),
    Change("when settled images came to people",
           "UPDATE item SET came_to_people_at = '1999-01-01 00:00:00.000000' "
           "WHERE id IN (SELECT item_id FROM label) AND state = 'resolved'",
           "item", "changed",
           "SELECT id FROM item WHERE id IN (SELECT item_id FROM label) AND state = 'resolved'"),
    Change("that images came to people which nobody has settled",
           "UPDATE item SET came_to_people_at = '1999-01-01 00:00:00.000000' "
           "WHERE state = 'auto_accepted'",
           "item", "changed", "SELECT id FROM item WHERE state = 'auto_accepted'"),
    Change("a verdict made to look chosen, so that it calibrates nothing",
           "UPDATE item SET placed_by = 'worth' WHERE id IN (SELECT item_id FROM label) "
           "AND state = 'resolved'",
           "item", "changed",
           "SELECT id FROM item WHERE id IN (SELECT item_id FROM label) AND state = 'resolved'"),
    Change("images put into the split for training, where they prove nothing",
           "UPDATE item SET split = 'train' WHERE id <= 10",
           "item", "changed", "SELECT id FROM item WHERE id <= 10"),
    Change("an image exchanged for another",
           "UPDATE image SET sha256 = substr(sha256, 2) || '0' WHERE id = 5",
           "image", "changed", "SELECT 5"),
    Change("an image that is said to be deleted",
           "INSERT INTO tombstone VALUES (5, NULL, 'root', '2026-01-01 00:00:00.000000', 'x')",
           "tombstone", "added", "SELECT 5"),
    Change("an image kept for somebody to whom nobody assigned it",
           "INSERT INTO assignment SELECT 5, min(id), '2099-01-01 00:00:00.000000' FROM user",
           "assignment", "added", "SELECT 5"),
    # Policies, options, people, checkpoints
    Change("a certificate's threshold",
           "UPDATE policy SET document = json_set(document, '$.fake.threshold', 0.1) "
           "WHERE state = 'certified'",
           "policy", "changed", "SELECT version FROM policy WHERE state = 'certified'"),
    Change("a policy's risk limit",
           "UPDATE policy SET document = json_set(document, '$.risk_limit', 0.9) WHERE version = 2",
           "policy", "changed", "SELECT 2"),
    Change("the suspension taken out", "DELETE FROM policy WHERE state = 'suspended'",
           "policy", "missing", "SELECT version FROM policy WHERE state = 'suspended'"),
    Change("an option", "UPDATE option SET value = json_set(value, '$.needed_labels', 1) "
           "WHERE key = 'review'",
           "option", "changed", "SELECT 'review'"),
    Change("a reviewer made an admin", "UPDATE user SET role = 'admin' WHERE name = 'ben'",
           "user", "changed", "SELECT id FROM user WHERE name = 'ben'"),
    Change("a closed account opened", "UPDATE user SET disabled_at = NULL WHERE name = 'cy'",
           "user", "changed", "SELECT id FROM user WHERE name = 'cy'"),
    Change("an external detector's card",
           "UPDATE checkpoint SET card = json_set(card, '$.name', 'another') "
           "WHERE kind = 'external'",
           "checkpoint", "changed", "SELECT id FROM checkpoint WHERE kind = 'external'"),
    # What single events tell
    Change("an attempt to certify taken out, so that its confidence could be spent again",
           "DELETE FROM certification_attempt WHERE id = 1",
           "certification_attempt", "missing", "SELECT 1"),
    Change("the only attempts of a checkpoint moved to another",
           "UPDATE certification_attempt SET checkpoint_id = (SELECT id FROM checkpoint "
           "WHERE kind = 'external')",
           "certification_attempt", "changed", "SELECT id FROM certification_attempt"),
    Change("an attempt dated before an alarm, so that it counts no more",
           "UPDATE certification_attempt SET tried_at = '2020-01-01 00:00:00.000000'",
           "certification_attempt", "changed", "SELECT id FROM certification_attempt"),
    Change("an attempt added that nobody made",
           "INSERT INTO certification_attempt (checkpoint_id, labels, tried_by, tried_at) SELECT "
           "checkpoint_id, labels, tried_by, tried_at FROM certification_attempt WHERE id = 1",
           "certification_attempt", "added", "SELECT max(id) + 1 FROM certification_attempt"),
    Change("an alarm taken out, so that older labels count again", "DELETE FROM alarm",
           "alarm", "missing", "SELECT id FROM alarm"),
    Change("an alarm moved to a policy that did not close auto-accept",
           "UPDATE alarm SET policy_version = 1", "alarm", "changed", "SELECT id FROM alarm"),
    Change("an alarm that is settled made to reopen again",
           "UPDATE alarm SET settled_at = NULL", "alarm", "changed", "SELECT id FROM alarm"),
    Change("what an alarm put in doubt cut down",
           "UPDATE alarm SET doubtful_since = '2999-01-01 00:00:00.000000'",
           "alarm", "changed", "SELECT id FROM alarm"),
    Change("an alarm added that no audit raised",
           "INSERT INTO alarm (policy_version, side, rule, raised_at) "
           f"VALUES (1, 'real', 'change_detection', '{_NOW}')",
           "alarm", "added", "SELECT max(id) + 1 FROM alarm"),
    Change("a score file taken out, as if nobody had read it",
           "DELETE FROM score_file WHERE id = 1", "score_file", "missing", "SELECT 1"),
    Change("a score file's hash exchanged for another's",
           "UPDATE score_file SET sha256 = substr(sha256, 2) || '0' WHERE id = 2",
           "score_file", "changed", "SELECT 2"),
    Change("images that a score file brought said to be another's",
           "UPDATE score_file SET first_item_id = 1, last_item_id = 2 WHERE id = 2",
           "score_file", "changed", "SELECT 2"),
    Change("a token's scopes widened",
           "UPDATE api_token SET scopes = json_array('export') WHERE id = 1",
           "api_token", "changed", "SELECT 1"),
    Change("a revoked token made valid again",
           "UPDATE api_token SET revoked_at = NULL, revoked_by = NULL",
           "api_token", "changed", "SELECT 2"),
    Change("a token added that nobody made",
           "INSERT INTO api_token (user_id, name, scopes, token_sha256, expires_at, made_by, "
           "made_at) SELECT user_id, name, scopes, '0', expires_at, made_by, made_at "
           "FROM api_token LIMIT 1",
           "api_token", "added", "SELECT max(id) + 1 FROM api_token"),
    Change("a webhook that hears of all images, not only of its own",
           "UPDATE subscription SET added_by = NULL WHERE id = 1",
           "subscription", "changed", "SELECT 1"),
    Change("a webhook that ended made to go on",
           "UPDATE subscription SET removed_at = NULL, removed_by = NULL",
           "subscription", "changed", "SELECT 2"),
    Change("a webhook added that nobody made",
           "INSERT INTO subscription (name, channel, address, topics, language, salt, hears_items, "
           "cursor, made_by, made_at) SELECT name, channel, 'https://b.example', topics, language, "
           "salt, hears_items, cursor, made_by, made_at FROM subscription LIMIT 1",
           "subscription", "added", "SELECT max(id) + 1 FROM subscription"),
    Change("a member made an admin of their desk",
           "UPDATE membership SET role = 'admin' WHERE id = 1",
           "membership", "changed", "SELECT 1"),
    Change("a place at a desk that was taken given back",
           "UPDATE membership SET ended_at = NULL, ended_by = NULL WHERE ended_at IS NOT NULL",
           "membership", "changed", "SELECT 2"),
    Change("a place at a desk that nobody gave",
           "INSERT INTO membership (desk_id, user_id, role, made_by, made_at) "
           "SELECT 1, (SELECT id FROM user WHERE name = 'ada'), 'admin', made_by, made_at "
           "FROM membership LIMIT 1",
           "membership", "added", "SELECT max(id) + 1 FROM membership"),
    Change("a closed desk opened again",
           "UPDATE desk SET closed_at = NULL, closed_by = NULL WHERE name = 'old'",
           "desk", "changed", "SELECT id FROM desk WHERE name = 'old'"),
    Change("somebody given back their place in the home queue",
           "UPDATE user SET away_since = '2026-01-01 00:00:00.000000' WHERE name = 'ben'",
           "user", "changed", "SELECT id FROM user WHERE name = 'ben'"),
    Change("an image that was drawn for a second look made evidence again",
           "DELETE FROM second_look WHERE id = 1", "second_look", "missing", "SELECT 1"),
    Change("the chance of a second look rewritten",
           "UPDATE second_look SET probability = 0.5 WHERE id = 1",
           "second_look", "changed", "SELECT 1"),
    Change("an image put out of evidence by a draw that nobody made",
           "INSERT INTO second_look (item_id, label_id, probability, drawn_at) "
           f"SELECT item_id, id, 0.1, '{_NOW}' FROM label "
           "WHERE id NOT IN (SELECT label_id FROM second_look) LIMIT 1",
           "second_look", "added", "SELECT max(id) + 1 FROM second_look"),
    Change("somebody's answers made to weigh more",
           "UPDATE skill_weights SET weights = json_object('2', json_array(9, 9))",
           "skill_weights", "changed", "SELECT 1"),
    # What protects, and the log itself
    Change("the append-only triggers dropped", "SELECT 1",
           "schema", "schema", "SELECT 'trigger label_no_update'", protects=False),
    Change("a trigger that answers for somebody",
           "CREATE TRIGGER helper AFTER INSERT ON claim BEGIN UPDATE claim SET gold = 1; END",
           "schema", "schema", "SELECT 'trigger helper'"),
    Change("the whole log deleted", "DELETE FROM audit_event",
           "audit_event", "cut", "SELECT max(id) FROM audit_event"),
    Change("the log begun anew", _begin_anew, "audit_event", "unsealed", "SELECT 1"),
    Change("its last 20 events cut off",
           "DELETE FROM audit_event WHERE id > (SELECT max(id) - 20 FROM audit_event)",
           "audit_event", "cut",
           "SELECT id FROM audit_event WHERE id > (SELECT max(id) - 20 FROM audit_event)"),
    Change("an event rewritten and the tail hashed anew", _rewrite_and_hash_anew,
           "audit_event", "forged", "SELECT id FROM audit_event WHERE id >= 60"),
    Change("an event taken out", "DELETE FROM audit_event WHERE id = 70",
           "audit_event", "unlinked", "SELECT 71"),
)  # fmt: skip
