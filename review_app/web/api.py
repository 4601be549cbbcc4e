"""``/api/v1``: what the review page's script asks for. Session cookie, JSON in and out.

Each route authorises, calls one method of the review service off the event loop, and shapes the
reply. What people do all the time shares transactions (`review.batched`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from review_app.core.permissions import Permission, Person, require
from review_app.i18n import t
from review_app.review.batch import MAX_ENTRIES, Entry, Outcome
from review_app.review.taking import MAX_AHEAD
from review_app.review.tasks import (
    CLIENT_ID,
    AnswerInput,
    Handle,
    Progress,
    Queue,
    Receipt,
    Task,
)
from review_app.web.failures import failure_of
from review_app.web.identity import current_person
from storage.types import to_utc

if TYPE_CHECKING:
    from review_app.bootstrap import Application

ClientId = Annotated[str, Field(pattern=CLIENT_ID)]
Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Take(_Body):
    """How many items the page wants to hold, and from where."""

    n: int = Field(3, ge=1, le=MAX_AHEAD)
    queue: Queue = Queue.WAITING
    page: ClientId | None = Field(None, description="The open page; see OpenPages.")


class Skip(_Body):
    """An item given back unanswered."""

    item_id: Handle


class Undo(_Body):
    """Withdraws the newest answer; sending the same ``client_id`` again changes nothing more."""

    client_id: ClientId


class Answers(_Body):
    """The answers, skips and undos of one call, in the order in which they were given."""

    entries: list[Entry] = Field(min_length=1, max_length=MAX_ENTRIES)


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


class Release(_Body):
    """What is held is given back, unless another page of the same person has taken since."""

    page: ClientId | None = None
    keep: list[Handle] = Field([], max_length=MAX_AHEAD, description="Items that stay.")


class Me(BaseModel):
    """Who is signed in."""

    id: int
    name: str
    role: str
    may: list[Permission]


class Counted(BaseModel):
    """How many items a call touched."""

    items: int


class OpenPages:
    """The page that each person took items with last.

    A page that is reloaded says "release" on its way out, and that word can arrive after the new
    page has taken the same items again; so only the last page to take may release.
    """

    def __init__(self) -> None:
        self._last: dict[int, str] = {}

    def took(self, person: Person, page: str | None) -> None:
        if page is not None:
            self._last[person.id] = page

    def may_release(self, person: Person, page: str | None) -> bool:
        return page is None or self._last.get(person.id) == page


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


Reviewer = Annotated[Person, Depends(reviewer)]


def _answered(outcome: Outcome) -> Answered:
    refusal = None
    if outcome.refusal is not None:
        failure = failure_of(outcome.refusal)
        refusal = Refusal(
            code=failure.code, message=failure.message, retry_after=failure.retry_after
        )
    return Answered(
        client_id=outcome.client_id, receipt=outcome.receipt, task=outcome.task, error=refusal
    )


def _who(app: Application) -> Callable[..., Me]:
    def me(person: Annotated[Person, Depends(current_person)]) -> Me:
        """Who is signed in, and what they may do now."""
        may = [permission for permission in Permission if person.may(permission)]
        if not app.gate.is_open_to(person):
            may.remove(Permission.INSPECT)
        return Me(id=person.id, name=person.name, role=person.role, may=may)

    return me


def api_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(prefix="/api/v1")
    review, shared = app.review, app.batched_review
    pages = OpenPages()

    router.get("/me")(_who(app))

    @router.post("/review/take")
    async def take(body: Take, person: Reviewer) -> list[Task]:
        pages.took(person, body.page)
        return await shared.take(person, body.n, body.queue)

    @router.post("/review/label")
    async def label(body: AnswerInput, person: Reviewer) -> Receipt:
        return await shared.label(person, body)

    @router.post("/review/answers")
    async def answers(body: Answers, person: Reviewer) -> list[Answered]:
        return [_answered(outcome) for outcome in await shared.answer(person, body.entries)]

    @router.post("/review/skip", status_code=204)
    def skip(body: Skip, person: Reviewer) -> None:
        review.skip(person, body.item_id)

    @router.post("/review/undo")
    def undo(body: Undo, person: Reviewer) -> Task:
        return review.undo(person, body.client_id)

    @router.post("/review/heartbeat")
    async def heartbeat(person: Reviewer) -> Counted:
        return Counted(items=await shared.heartbeat(person))

    @router.post("/review/release")
    def release(body: Release, person: Reviewer) -> Counted:
        if not pages.may_release(person, body.page):
            return Counted(items=0)
        return Counted(items=review.release(person, body.keep))

    @router.get("/review/progress")
    def progress(
        person: Reviewer,
        since: Annotated[Moment, Query()],
        today: Annotated[Moment | None, Query(description="When the person's day began.")] = None,
    ) -> Progress:
        return review.progress(person, since, today)

    return router
