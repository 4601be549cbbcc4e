"""``/api/v1/exports``: an export in the background: asked for, looked at, fetched."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from review_app.core.errors import NotFoundError
from review_app.core.idempotency import SharedTransaction
from review_app.core.permissions import Permission, Person, TokenScope
from review_app.i18n import Text
from review_app.jobs.service import JobService
from review_app.records.exports.job import export_parameters
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.records.exports.selection import Selection
from review_app.records.exports.tables import RowKind
from review_app.web.programs.callers import caller
from review_app.web.programs.idempotency import Key, once_together
from storage.enums import ItemState, JobKind, JobState, LabelValue

if TYPE_CHECKING:
    from review_app.bootstrap import Application

EXPORTS = "/api/v1/exports"
_TYPE = "application/octet-stream"
_LARGEST_ID = 2**63 - 1

Exporting = Annotated[Person, Depends(caller(TokenScope.EXPORT, Permission.EXPORT))]
JobNumber = Annotated[int, Path(ge=1, le=_LARGEST_ID)]


class ExportInput(BaseModel):
    """What is to be exported; only what fits all that is given."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "csv", "labels": ["fake"]}]},
    )

    kind: ExportKind = ExportKind.CSV
    rows: RowKind = Field(RowKind.IMAGES, description="One row an image, or one an answer.")
    labels: list[LabelValue] = Field([], max_length=len(LabelValue))
    states: list[ItemState] = Field([], max_length=len(ItemState))
    sources: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=100)
    changed_since: AwareDatetime | None = None
    zipped: bool = Field(False, description="An imagefolder as an archive.")

    def request(self) -> ExportRequest:
        """The export that is asked for."""
        selection = Selection(
            labels=frozenset(self.labels),
            states=frozenset(self.states),
            sources=frozenset(self.sources),
            changed_since=self.changed_since,
        )
        return ExportRequest(self.kind, selection, self.rows, self.zipped)


class ExportStanding(BaseModel):
    """How far an export is, and what there is to fetch."""

    id: int
    state: JobState
    asked_at: datetime
    done: int
    total: int | None
    rows: int | None = Field(description="How many rows it has, once it is done.")
    sha256: str | None = Field(description="Of the first file.")
    files: list[str] = Field(description="What can be fetched; the last ten exports are kept.")
    error: str | None


def exports_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(prefix=EXPORTS, tags=["exports"])

    def standing(jobs: JobService, job_id: int) -> ExportStanding:
        place, told = _place(jobs, job_id)
        return ExportStanding(**told, files=app.exports.kept.files(place))

    @router.post("", response_model=ExportStanding)
    def begin(body: ExportInput, person: Exporting, key: Key = None) -> Response:
        """Have an export made in the background."""

        def work(shared: SharedTransaction) -> ExportStanding:
            jobs = app.jobs.within(shared)
            parameters = export_parameters(body.request(), person.name)
            return standing(jobs, jobs.submit(person, JobKind.EXPORT, parameters))

        asked = f"{EXPORTS} {body.model_dump_json()}"
        return once_together(app.idempotency, person, key, asked, work)

    @router.get("/{export_id}")
    def look(export_id: JobNumber, person: Exporting) -> ExportStanding:
        """Read how far an export is."""
        return standing(app.jobs, export_id)

    @router.get("/{export_id}/files/{name}", response_class=FileResponse)
    def fetch(export_id: JobNumber, name: str, person: Exporting) -> FileResponse:
        """Fetch a file of an export. Each time is on record."""
        place, _ = _place(app.jobs, export_id)
        path = app.exports.kept.path(place, name)
        size = path.stat().st_size
        app.exports.record(person.name, "kept", file=name, bytes=size)
        return FileResponse(path, media_type=_TYPE, filename=name)

    return router


def _place(jobs: JobService, job_id: int) -> tuple[str, dict[str, Any]]:
    """The place where the export of that number is kept, and what is told of it."""
    row = jobs.get(job_id)
    if row.kind is not JobKind.EXPORT:
        raise NotFoundError(Text("jobs.no_such", {"job": job_id}))
    result = row.result or {}
    told = {
        "id": row.id,
        "state": row.state,
        "asked_at": row.asked_at,
        "done": row.done,
        "total": row.total,
        "rows": result.get("rows"),
        "sha256": result.get("sha256"),
        "error": row.error,
    }
    return str(row.parameters.get("place")), told
