"""``/api/v1``: what the review page's script asks for. Session cookie, JSON in and out.

Each route authorises, calls one method of the review service off the event loop, and shapes the
reply. What people do all the time shares transactions (`review.batched`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from pydantic import BaseModel, Field

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text, t
from review_app.policy.review_options import Veil
from review_app.review.batch import Outcome
from review_app.review.requests import (
    Answers,
    HowMany,
    Moment,
    Release,
    Shown,
    Skip,
    Take,
    Undo,
)
from review_app.review.tasks import (
    AnswerChange,
    AnswerInput,
    OwnAnswer,
    Progress,
    Receipt,
    Task,
)
from review_app.web.addresses import here, prefix_of
from review_app.web.failures import failure_of
from review_app.web.identity import current_person
from review_app.web.review.open_pages import OpenPages
from storage.enums import LabelValue

if TYPE_CHECKING:
    from review_app.bootstrap import Application


class Refusal(BaseModel):
    """Why an entry was not taken; the same codes and words as those of a call of its own."""

    code: str
    message: str
    retry_after: int | None = Field(None, description="Seconds, where it may be tried again.")


class Answered(BaseModel):
    """What became of an entry: the receipt of an answer, the task that an undo gave back, neither
    after a skip, or why it was refused."""

    client_id: str
    receipt: Receipt | None
    task: Task | None
    error: Refusal | None


class OwnQueue(BaseModel):
    """A queue in which somebody has a place."""

    title: str
    address: str
    here: bool = Field(description="Whether it is the one that was asked.")


class Me(BaseModel):
    """Who is signed in."""

    id: int
    name: str
    role: str
    may: list[Permission]
    queues: list[OwnQueue] = Field(
        description="Where they have a place; none where a program asks."
    )
    needs: int | None = Field(
        description="How many alarms hold now; null for whoever is not told of alarms."
    )


class Counted(BaseModel):
    """How many items a call touched."""

    items: int


class Choices(BaseModel):
    """What the page offers beside an image, and how an image looks at first."""

    values: list[LabelValue]
    tags: list[str]
    veil: Veil


async def reviewer(
    person: Annotated[Person, Depends(current_person)],
    x_person: Annotated[int | None, Header()] = None,
) -> Person:
    """Who reviews. ``X-Person`` names whom the page was made for, where it says so.

    Another tab may have signed somebody else in since; their cookie must not carry this page's
    answers.
    """
    if x_person is not None and x_person != person.id:
        raise HTTPException(401, t("refusals.other_person", name=person.name))
    return require(person, Permission.REVIEW)


AnyPictured = TypeVar("AnyPictured", Task, OwnAnswer)
Reviewer = Annotated[Person, Depends(reviewer)]
_PREFIX = "/api/v1/review"


def _answered(outcome: Outcome) -> Answered:
    refusal = None
    if outcome.refusal is not None:
        failure = failure_of(outcome.refusal)
        refusal = Refusal(
            code=failure.code, message=failure.message, retry_after=failure.retry_after
        )
    return Answered(
        client_id=outcome.client_id,
        receipt=outcome.receipt,
        task=None if outcome.task is None else with_address(outcome.task),
        error=refusal,
    )


def with_address(told: AnyPictured) -> AnyPictured:
    """A task or an answer with the address of its image as the browser is to ask for it."""
    address = told.image_url and here(told.image_url)
    return told if address == told.image_url else told.model_copy(update={"image_url": address})


def addressed(told: Sequence[AnyPictured]) -> list[AnyPictured]:
    """Tasks or answers, each `with_address`."""
    return [with_address(one) for one in told]


def _who(app: Application) -> Callable[..., Me]:
    def me(person: Annotated[Person, Depends(current_person)]) -> Me:
        """Who is signed in, and what they may do now."""
        shut = set() if app.gate.is_open_to(person) else {Permission.INSPECT}
        may = [one for one in Permission if person.may(one) and one not in shut]
        queues, needs = _queues(app, person), _needs(app, person)
        who = {"id": person.id, "name": person.name, "role": person.role}
        return Me(**who, may=may, queues=queues, needs=needs)

    return me


def _needs(app: Application, person: Person) -> int | None:
    """How many alarms hold now; None for those who are not told of alarms."""
    return len(app.alerts.open()) if person.may(Permission.MANAGE_NOTIFICATIONS) else None


def _queues(app: Application, person: Person) -> list[OwnQueue]:
    if app.desks is None or person.token is not None:
        return []
    at_home, desks = app.desks.places_of(person.id)
    own = [("", t("desks.main"))] if at_home else []
    own += [(desk.name, desk.title) for desk in desks]
    return [
        OwnQueue(title=title, address=f"{prefix_of(name)}/", here=name == app.settings.desk)
        for name, title in own
    ]


def _choices(app: Application) -> Choices:
    options = app.review_options.current()
    return Choices(values=list(LabelValue), tags=list(options.tags), veil=options.veil)


def review_router(app: Application, pages: OpenPages) -> APIRouter:
    """The routes, bound to ``app``, but for those of `frequent_router`."""
    router = APIRouter()
    router.get("/api/v1/me")(_who(app))
    router.include_router(_holding(app, pages))
    router.include_router(_answering(app))
    router.include_router(_telling(app))
    return router


def frequent_router(app: Application, pages: OpenPages) -> APIRouter:
    """The routes of what is asked at every image; `QuickCalls` answers them."""
    router = APIRouter(prefix=_PREFIX)

    @router.post("/take")
    async def take(body: Take, person: Reviewer) -> list[Task]:
        pages.took(person, body.page)
        return addressed(await app.batched_review.take(person, body.n, body.queue))

    @router.post("/label")
    async def label(body: AnswerInput, person: Reviewer) -> Receipt:
        return await app.batched_review.label(person, body)

    @router.post("/answers")
    async def answers(body: Answers, person: Reviewer) -> list[Answered]:
        outcomes = await app.batched_review.answer(person, body.entries)
        return [_answered(outcome) for outcome in outcomes]

    return router


async def enter(person: object, made_for: int | None) -> Person:
    """Who calls a route of `frequent_router`; ``person`` as the guard has found, and for whom the
    page was made. Raises where they may not."""
    if not isinstance(person, Person):
        raise NotAllowedError(Text("refusals.sign_in_first"))
    return await reviewer(person, made_for)


def _holding(app: Application, pages: OpenPages) -> APIRouter:
    """What a person holds: near-duplicates taken, leases renewed, items given back."""
    router = APIRouter(prefix=_PREFIX)

    @router.post("/similar")
    def similar(body: Shown, person: Reviewer) -> list[Task]:
        return addressed(app.review.take_near_duplicates(person, body.item_id))

    @router.post("/heartbeat")
    async def heartbeat(person: Reviewer) -> Counted:
        return Counted(items=await app.batched_review.heartbeat(person))

    @router.post("/release")
    def release(body: Release, person: Reviewer) -> Counted:
        if not pages.may_release(person, body.page):
            return Counted(items=0)
        return Counted(items=app.review.release(person, body.keep))

    return router


def _answering(app: Application) -> APIRouter:
    """What a person says instead of an answer, or takes back."""
    router = APIRouter(prefix=_PREFIX)

    @router.post("/skip", status_code=204)
    def skip(body: Skip, person: Reviewer) -> None:
        app.review.skip(person, body.item_id)

    @router.post("/undo")
    def undo(body: Undo, person: Reviewer) -> Task:
        return with_address(app.review.undo(person, body.client_id))

    @router.post("/change")
    def change(body: AnswerChange, person: Reviewer) -> Receipt:
        return app.review.change(person, body)

    return router


def _telling(app: Application) -> APIRouter:
    """What a page is told, which changes nothing."""
    router = APIRouter(prefix=_PREFIX)

    @router.get("/recent")
    def recent(person: Reviewer, n: Annotated[HowMany, Query()] = 20) -> list[OwnAnswer]:
        return addressed(app.review.recent(person, n))

    @router.get("/choices")
    def choices(_person: Reviewer) -> Choices:
        return _choices(app)

    @router.get("/progress")
    def progress(
        person: Reviewer,
        since: Annotated[Moment, Query()],
        today: Annotated[Moment | None, Query(description="When the person's day began.")] = None,
    ) -> Progress:
        return app.review.progress(person, since, today)

    return router
