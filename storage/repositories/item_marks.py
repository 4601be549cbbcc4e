"""What admins put on images without moving them: tags, the archive, deletions, tombstones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from storage.enums import BulkKind
from storage.models import (
    ArchivedItem,
    BulkAction,
    BulkChange,
    Deletion,
    FaceRow,
    Feature,
    Image,
    Item,
    ItemTag,
    ProjectionRow,
    Tombstone,
)
from storage.models.image import Picture
from storage.prepared import Prepared
from storage.repositories.bulk_actions import BulkTarget
from storage.repositories.bulk_bars import is_deleted
from storage.repositories.descriptors import Descriptors
from storage.repositories.generator_claims import GeneratorClaims
from storage.repositories.portions import portions

# Made once: what every file asks for takes longer to put together than to run.
_GONE = Prepared(
    select(Tombstone.item_id, Tombstone.deleted_by, Tombstone.deleted_at, Tombstone.reason)
    .where(Tombstone.sha256 == bindparam("sha256"))
    .limit(1)
)
_GOING = Prepared(
    select(Deletion.item_id, BulkAction.asked_by, BulkAction.asked_at, BulkAction.details)
    .join(BulkAction, BulkAction.id == Deletion.action_id)
    .join(Item, Item.id == Deletion.item_id)
    .join(Image, Image.id == Item.image_id)
    .where(Image.sha256 == bindparam("sha256"))
    .limit(1)
)


class KnownDeletion(NamedTuple):
    """A file that is gone, or about to go."""

    item_id: int
    by: str
    at: datetime
    reason: str


class ItemMarks:
    """A repository of marks; each method is about a batch of images."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tag(self, item_ids: Sequence[int], tag: str) -> None:
        """Put a tag on images that do not have it."""
        rows = [{"tag": tag, "item_id": item_id} for item_id in item_ids]
        self._session.execute(insert(ItemTag), rows)

    def untag(self, item_ids: Sequence[int], tag: str) -> None:
        """Take a tag off images."""
        of = ItemTag.item_id.in_(item_ids)
        self._session.execute(delete(ItemTag).where(ItemTag.tag == tag, of))

    def tags_of(self, item_id: int) -> list[str]:
        """The tags of an image, by name."""
        query = select(ItemTag.tag).where(ItemTag.item_id == item_id).order_by(ItemTag.tag)
        return list(self._session.scalars(query))

    def tags(self, limit: int) -> list[str]:
        """The first ``limit`` tags by name; each is one look into their index."""
        found: list[str] = []
        while len(found) < limit:
            after = [ItemTag.tag > found[-1]] if found else []
            tag = self._session.scalar(select(func.min(ItemTag.tag)).where(*after))
            if tag is None:
                break
            found.append(tag)
        return found

    def archive(self, item_ids: Sequence[int]) -> None:
        """Put images out of the way."""
        rows = [{"item_id": item_id} for item_id in item_ids]
        self._session.execute(insert(ArchivedItem), rows)

    def unarchive(self, item_ids: Sequence[int]) -> None:
        """Bring images back."""
        self._session.execute(delete(ArchivedItem).where(ArchivedItem.item_id.in_(item_ids)))

    def is_archived(self, item_id: int) -> bool:
        """Whether the image is out of the way."""
        return self._session.get(ArchivedItem, item_id) is not None

    def hide(self, targets: Sequence[BulkTarget], action: int) -> dict[int, dict[str, Any]]:
        """Show nobody these images any more, for ``action`` deletes them; what an undo needs, by
        item."""
        items = {one.image_id: one.item_id for one in targets}
        rows = [{"item_id": item_id, "action_id": action} for item_id in items.values()]
        self._session.execute(insert(Deletion), rows)
        was = {}
        for image in self._session.scalars(select(Image).where(Image.id.in_(items))):
            was[items[image.id]] = {"public_type": image.public_type}
            image.public_type = None
        self._session.flush()
        return was

    def bring_back(self, targets: Sequence[BulkTarget]) -> None:
        """Show images again that were hidden and are not gone; each target tells how it was."""
        was = {one.image_id: one.was["public_type"] for one in targets}
        for image in self._session.scalars(select(Image).where(Image.id.in_(was))):
            image.public_type = was[image.id]
        self._forget_deletions([one.item_id for one in targets])
        self._session.flush()

    def bury(
        self, targets: Sequence[BulkTarget], deleted_by: str, now: datetime, reason: str
    ) -> None:
        """Put tombstones on images, and delete all that was made from their files: features,
        descriptors, faces, what the files say of themselves. Scores and labels stay. The caller
        deletes the files."""
        told = {"deleted_by": deleted_by, "deleted_at": now, "reason": reason}
        rows = [{"item_id": one.item_id, "sha256": one.sha256, **told} for one in targets]
        self._session.execute(insert(Tombstone), rows)
        hashes = [one.sha256 for one in targets if one.sha256]
        for made in (Feature, ProjectionRow):
            self._session.execute(delete(made).where(made.sha256.in_(hashes)))
        ids = [one.item_id for one in targets]
        self._session.execute(delete(FaceRow).where(FaceRow.item_id.in_(ids)))
        self._forget_deletions(ids)
        images = [one.image_id for one in targets]
        Descriptors(self._session).forget(images)
        GeneratorClaims(self._session).forget(ids)
        for image in self._session.scalars(select(Image).where(Image.id.in_(images))):
            image.public_type = image.file_metadata = None
        self._session.flush()

    def _forget_deletions(self, item_ids: Sequence[int]) -> None:
        self._session.execute(delete(Deletion).where(Deletion.item_id.in_(item_ids)))

    def deleted_among(self, item_ids: Sequence[int]) -> set[int]:
        """Those of a batch of items whose file is gone, or about to go."""
        query = select(Item.id).where(Item.id.in_(item_ids), is_deleted())
        return set(self._session.scalars(query))

    def deletion(self, item_id: int) -> BulkAction | None:
        """The action that deletes the image's file once it can be undone no longer; None where none
        does."""
        query = select(BulkAction).join(Deletion, Deletion.action_id == BulkAction.id)
        return self._session.scalar(query.where(Deletion.item_id == item_id))

    def deleting(self) -> list[BulkAction]:
        """The actions whose images are hidden and not gone, oldest first."""
        left = select(Deletion.item_id).where(Deletion.action_id == BulkAction.id).exists()
        query = select(BulkAction).where(BulkAction.kind == BulkKind.DELETE, left)
        return list(self._session.scalars(query.order_by(BulkAction.id)))

    def to_be_purged(self, action: int, below: int, limit: int) -> list[int]:
        """The newest ``limit`` images under ``below`` that the action has hidden, and whose files
        are there still."""
        of = and_(Deletion.action_id == action, Deletion.item_id < below)
        query = select(Deletion.item_id).where(of).order_by(Deletion.item_id.desc()).limit(limit)
        return list(self._session.scalars(query))

    def hidden_pictures(self) -> list[Picture]:
        """The stored pictures of images that are hidden and not gone."""
        hid = and_(
            BulkChange.action_id == Deletion.action_id, BulkChange.item_id == Deletion.item_id
        )
        columns = (Image.sha256, BulkChange.was, Image.width, Image.height, Image.public_sha256)
        query = select(*columns).select_from(Deletion).join(BulkChange, hid)
        query = query.join(Item, Item.id == Deletion.item_id).join(Image, Image.id == Item.image_id)
        found = []
        for sha256, was, width, height, public_sha256 in self._session.execute(query):
            kind = was["public_type"]
            if sha256 and kind and width and height:
                found.append(Picture(sha256, kind, width, height, public_sha256))
        return found

    def tombstone(self, item_id: int) -> Tombstone | None:
        """The tombstone of an image; None where its file was not deleted."""
        return self._session.get(Tombstone, item_id)

    def is_gone(self, sha256: str) -> bool:
        """Whether the file of that hash was deleted."""
        return _GONE.value(self._session, sha256=sha256) is not None

    def deleted_file(self, sha256: str) -> KnownDeletion | None:
        """Who deleted the file of that hash, whether it is gone or about to go; None where nobody
        did."""
        for gone in _GONE.rows(self._session, sha256=sha256):
            return KnownDeletion(*gone)
        for item_id, by, at, details in _GOING.rows(self._session, sha256=sha256):
            return KnownDeletion(item_id, by, at, details["reason"])
        return None

    def deleted_files(self, item_ids: Sequence[int]) -> list[str]:
        """The hashes of the files of images that have a tombstone."""
        found: list[str] = []
        for some in portions(item_ids):
            query = select(Tombstone.sha256).where(Tombstone.item_id.in_(some))
            found += (sha256 for sha256 in self._session.scalars(query) if sha256)
        return found
