"""The members of a fused detector, as a table: what each says of the image, and what it weighs."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from review_app.detectors.members import MemberSaid
from review_app.i18n import number, t
from review_app.inference.heads import head_title
from review_app.web.cards import card_link
from review_app.web.markup import Content, table


def members_table(members: Sequence[MemberSaid]) -> Markup:
    """The table; nothing where there are no members."""
    if not members:
        return Markup()
    headers = [t("fuse.member"), t("fuse.weight"), "P(fake)"]
    return table(t("fuse.said"), headers, map(_row, members))


def _row(member: MemberSaid) -> Sequence[Content]:
    name = Markup("{}: {}").format(card_link(member.checkpoint), head_title(member.head))
    said = t("fuse.no_score") if member.p_fake is None else number(member.p_fake, 3)
    return name, number(member.weight, 2), said
