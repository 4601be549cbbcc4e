"""The rows of `benchmarks.make_world`, each table by one statement over all that was drawn."""

from __future__ import annotations

from typing import Final

DRAWN: Final = (
    *("i", "sha256", "p", "std", "novelty", "source"),
    *("state", "verdict", "audited", "known", "created", "labelled", "seconds"),
    *("person", "second_person"),
)
"""The columns of the temporary table ``drawn``, one row an item."""

_SCORES: Final = "p_fake, std, entropy, mutual_information, score, novelty"
_DRAWN_SCORES: Final = "p, std, 0.3 * p * (1 - p) + std, std / 4, p, novelty"
_MINUTE_LATER: Final = "strftime('%Y-%m-%d %H:%M:%f', created, '+1 minute') || '000'"
_ROUTE: Final = (
    "CASE WHEN i <= :learning OR state <> 'auto_accepted' THEN 'review' "
    "WHEN p > 0.5 THEN 'accept_fake' ELSE 'accept_real' END"
)
_PROPOSAL: Final = (
    "CASE WHEN NOT audited THEN NULL WHEN p > 0.5 THEN 'accept_fake' ELSE 'accept_real' END"
)
_NEAR: Final = "CASE WHEN i % 20 = 0 THEN i - 1 END"
_EXIF: Final = """'{"exif": {"Make": "Canon", "Model": "EOS R' || (i % 9) || '"}}'"""
_MARK: Final = """'[{"shape": "rectangle", "points": [[0.25, 0.25], [0.5, 0.625]]}]'"""

BEFORE_THE_POLICY: Final = (
    f"""INSERT INTO image (id, sha256, n_bytes, width, height, format, public_type, public_sha256,
    phash, near_id, near_distance, file_metadata, created_at)
    SELECT i, sha256, 40000 + i % 90000, 1024, 768, 'JPEG', 'image/jpeg', NULL,
    i * 7919, {_NEAR}, CASE WHEN i % 20 = 0 THEN 3 END,
    CASE WHEN i % 20 = 1 THEN {_EXIF} ELSE '{{}}' END, created FROM drawn""",
    # Described already, or the server would look for a million files beside what is measured.
    """INSERT INTO image_descriptor (image_id, phash, thumb)
    SELECT i, i * 7919, zeroblob(1024) FROM drawn""",
    f"""INSERT INTO item (id, image_id, state, state_since, came_to_people_at, name, source, rank,
    placed_by, needed_labels, open_slots, verdict, created_at, alike_id)
    SELECT i, i, state, coalesce(labelled, {_MINUTE_LATER}),
    CASE WHEN labelled IS NOT NULL THEN {_MINUTE_LATER} END,
    printf('archive/%02d/photo %07d.jpg', i % 100, i), source, i, 'time', 1,
    labelled IS NULL, verdict, created, {_NEAR} FROM drawn""",
    f"""INSERT INTO prediction (image_id, checkpoint_id, head, {_SCORES}, scope, created_at)
    SELECT i, :checkpoint, head, {_DRAWN_SCORES}, NULL, created FROM drawn
    JOIN (SELECT :head_1 AS head UNION ALL SELECT :head_2 UNION ALL SELECT :head_3)
    WHERE state NOT IN ('pending', 'failed')""",
    """INSERT INTO known_label (item_id, value, provenance, created_at)
    SELECT i, CASE WHEN p > 0.5 THEN 'fake' ELSE 'real' END, 'benchmark', created FROM drawn
    WHERE known""",
)
"""What is there before anything is decided; known labels are enough for a certificate."""

AFTER_THE_POLICY: Final = (
    f"""INSERT INTO decision (item_id, policy_version, checkpoint_id, head, route, proposal,
    reasons, {_SCORES}, mark, audited, audit_probability, inclusion_probability, decided_at)
    SELECT i, CASE WHEN i <= :learning THEN 1 ELSE :version END, :checkpoint, :head_1, {_ROUTE},
    {_PROPOSAL}, '[]', {_DRAWN_SCORES},
    CASE WHEN state <> 'auto_accepted' AND NOT audited THEN
    CASE WHEN i % 9 = 0 THEN 'retrain' WHEN i % 13 = 0 THEN 'second_reviewer' END END,
    audited, 0.05, CASE WHEN state = 'auto_accepted' OR audited THEN 0.05 ELSE 1 END,
    {_MINUTE_LATER} FROM drawn WHERE state NOT IN ('pending', 'failed')""",
    f"""INSERT INTO label (client_id, item_id, user_id, value, comment, blind, revealed,
    adjudicates, extra, seconds, labelled_at, tags, regions)
    SELECT 'a-' || i, i, person, verdict, CASE WHEN i % 5 = 0 THEN 'odd ears in ' || i ELSE '' END,
    1, 0, 0, 0, seconds, labelled, CASE WHEN i % 11 = 0 THEN '["face swap"]' END,
    CASE WHEN i % 11 = 0 THEN {_MARK} END FROM drawn
    WHERE labelled IS NOT NULL ORDER BY labelled""",
    """INSERT INTO label (client_id, item_id, user_id, value, comment, blind, revealed,
    adjudicates, extra, seconds, labelled_at)
    SELECT 'b-' || i, i, second_person, CASE WHEN i % 2 THEN 'unsure' ELSE verdict END, '-', 1, 0,
    0, 1, seconds, labelled FROM drawn WHERE second_person IS NOT NULL""",
    """INSERT INTO claim (item_id, user_id, handle, claimed_at, expires_at, ended_at, outcome, gold)
    SELECT i, person, lower(hex(randomblob(11))), labelled, labelled, labelled, 'labelled', 0
    FROM drawn WHERE labelled IS NOT NULL""",
    """INSERT INTO correction (item_id, user_id, value, was, reason, created_at)
    SELECT i, person, CASE verdict WHEN 'real' THEN 'fake' ELSE 'real' END, verdict,
    'the raw file came', labelled FROM drawn
    WHERE labelled IS NOT NULL AND verdict IN ('real', 'fake') AND i % 997 = 0""",
)
"""What was decided, by the policy and by people. Decisions hold no scores of their own: those of
the first head."""
