"""The page of a checkpoint's card, and the links that lead there from wherever a score stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from review_app.cascade.card import PREFIX as CASCADED
from review_app.core.permissions import Permission, Person, require
from review_app.fusion.card import PREFIX as FUSED
from review_app.i18n import t
from review_app.scores.card import PREFIX
from review_app.web import card_view, pages
from review_app.web.addresses import here
from review_app.web.identity import current_person

if TYPE_CHECKING:
    from review_app.bootstrap import Application

ADDRESS = "/card"
Present = Annotated[Person, Depends(current_person)]


def card_router(app: Application) -> APIRouter:
    """``/card/ID``, and ``/card``: that of the checkpoint that reads images now."""
    router = APIRouter(prefix=ADDRESS, include_in_schema=False)

    @router.get("")
    async def in_force(person: Present) -> RedirectResponse:
        require(person, Permission.READ_CARD)
        return RedirectResponse(card_address(await run_sync(app.cards.reader)), 303)

    @router.get("/{checkpoint_id}")
    async def show(checkpoint_id: str, person: Present) -> HTMLResponse:
        shown = await run_sync(app.cards.show, person, checkpoint_id)
        card = shown.card
        return pages.card(
            shown,
            address=card_address(card.id),
            parent_address=shown.parent and card_address(shown.parent),
            kinds=card_view.kind_rows(card, shown.head),
            ticks=card_view.ticks(card_view.scale_start([card], shown.head)),
            heads=card_view.head_rows(card, shown.head),
            failures=card_view.failures(card),
            training=card_view.training(card),
            learned=card_view.learned(card, shown.parent),
            licences=card_view.licences(card),
        )

    return router


def card_address(checkpoint_id: str) -> str:
    """The address of a checkpoint's card."""
    return here(f"{ADDRESS}/{quote(checkpoint_id, safe='')}")


def card_link(checkpoint_id: str, words: str = "") -> Markup:
    """A link to the card, in a tab of its own, called by the id unless ``words`` are given; of an
    external or fused detector or a cascade, which has no such card, its id alone."""
    if checkpoint_id.startswith((PREFIX, FUSED, CASCADED)):
        return Markup("{}").format(checkpoint_id)
    return Markup('<a href="{}" target="_blank" rel="noopener" title="{}">{}</a>').format(
        card_address(checkpoint_id), t("card.link_title"), words or checkpoint_id
    )
