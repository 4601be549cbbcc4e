"""Labels that another detector could not use are scored by it after it came into force.

Labels of items that are settled, or accepted, lie at images that only an older detector has scored.
Nothing is decided anew and nothing moves; the labels just come to count.
"""

from __future__ import annotations

import logging

from review_app.core.progress import Progress
from review_app.detectors.scoring import BATCH, Scoring
from review_app.i18n.formatting import count
from review_app.policy.governance import PolicyService
from storage.database import Database

_logger = logging.getLogger(__name__)


def rescore(
    database: Database,
    policies: PolicyService,
    scoring: Scoring,
    progress: Progress | None = None,
) -> int:
    """Have the checkpoint in force score every labelled item whose label waits for that; how many.

    Interrupted, it leaves whole batches scored, and the next run goes on from there. What cannot be
    scored is logged, and tried again by the next run.
    """
    checkpoint, waiting = policies.unscored()
    failures: dict[int, str] = {}
    stored = {i for some in scoring.complete_stored(waiting, checkpoint) for i in some}
    others = [item_id for item_id in waiting if item_id not in stored]
    if progress and stored:
        progress(len(stored), len(waiting))
    for start in range(0, len(others), BATCH):
        with database.read() as repos:
            items = repos.items.get_many(others[start : start + BATCH])
        failures |= scoring.complete(items, checkpoint)
        if progress:
            progress(len(stored) + min(start + BATCH, len(others)), len(waiting))
    if failures:
        item_id, reason = next(iter(failures.items()))
        _logger.warning(
            "labels of %s cannot count for %s yet; item %s, for one: %s",
            count(len(failures), "image"), checkpoint, item_id, reason,
        )  # fmt: skip
    return len(waiting) - len(failures)
