"""A messy database: items of every kind, about which people have said everything."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.database import Database
from storage.enums import ItemState, LabelValue, TriageFlag
from storage.models import Item, Label
from tests.factories import NO_PICTURE, Factory

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID: list[dict[str, Any] | None] = [
    None,
    {},
    {"frames": 3},
    {"frames": "many"},
    {"exif": {"Software": "Midjourney"}, "frames": 1},
    {"text": {"prompt": '{"class_type": 1}', "note": '"frames"'}},
]
MARK = {"shape": "rectangle", "points": [[0.1, 0.2], [0.3, 0.4]]}


def mess(database: Database, factory: Factory, seed: int, n: int = 60) -> None:
    """Items of every kind, about which people have said everything."""
    draw = random.Random(seed)
    people = [factory.person() for _ in range(4)]
    for _ in range(n):
        item = _item(factory, draw)
        for _ in range(draw.choice([0, 0, 1, 2])):
            values = {
                "policy_version": factory.policy(draw.choice([1, 2])),
                "p_fake": draw.random(),
            }
            mark = draw.choice([None, TriageFlag.RETRAIN])
            factory.decision(item, mark=mark, group_name=draw.choice([None, "g"]), **values)
        _answers(database, factory, draw, item, people)
        for value in draw.choices(list(LabelValue), k=draw.choice([0, 0, 0, 1, 2])):
            factory.correction(people[0], item, value, was=draw.choice(list(LabelValue)))
        if draw.random() < 0.3:
            with database.write() as repos:
                found = [[0.1, 0.2, 0.3, 0.4, 0.9]] * draw.choice([0, 1, 2])
                repos.faces.put_many("finder-1", {item: found})


def _item(factory: Factory, draw: random.Random) -> int:
    image: dict[str, Any] = {"file_metadata": draw.choice(SAID)}
    if draw.random() < 0.2:
        image = {**NO_PICTURE, "path": f"elsewhere/{draw.random()}.jpg"}
    known = draw.choice([None, None, LabelValue.REAL, LabelValue.FAKE])
    source = draw.choice([None, "archive", "=upload"])
    return factory.item(draw.choice(list(ItemState)), known=known, image=image, source=source)


def _answers(
    database: Database, factory: Factory, draw: random.Random, item: int, people: list[Any]
) -> None:
    given = []
    for person in draw.sample(people, draw.choice([0, 0, 1, 2, 3])):
        at = NOW - timedelta(minutes=draw.choice([1, 60]))
        given.append(
            factory.label(
                person,
                item,
                draw.choice(list(LabelValue)),
                comment=draw.choice(["", "odd ears", "=1+1"]),
                extra=draw.random() < 0.2,
                tags=draw.choice([None, ["other"], ["face swap", "other"]]),
                regions=draw.choice([None, [MARK]]),
                escalation=draw.choice([None, "why"]),
                labelled_at=at,
                final_at=draw.choice([None, at + timedelta(minutes=5)]),
                bulk_size=draw.choice([None, 3, 12]),
            )
        )
    with database.write() as repos:
        row = repos.session.get_one(Item, item)
        if given and draw.random() < 0.7:
            row.verdict = draw.choice(list(LabelValue))
            row.weighed = draw.random() < 0.3
            row.final_at = draw.choice([None, NOW - timedelta(1), NOW + timedelta(minutes=4)])
        if given and draw.random() < 0.3:  # the first of them is taken back, or said anew
            old = repos.session.get_one(Label, given[0])
            value = draw.choice([None, LabelValue.REAL])
            copy = {"item_id": item, "user_id": old.user_id, "blind": True, "labelled_at": NOW}
            client_id = f"again-{item}"
            repos.labels.add(
                Label(client_id=client_id, value=value, supersedes_id=old.id, comment="", **copy)
            )
