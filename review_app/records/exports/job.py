"""An export as a background job."""

from __future__ import annotations

from typing import Any

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.records.exports.history import on_record
from review_app.records.exports.kept import new_place
from review_app.records.exports.request import ExportRequest


def export_parameters(request: ExportRequest, by: str) -> dict[str, Any]:
    """The parameters of a job that makes the export ``by`` asks for.

    Raises:
        InputError: what is asked for does not go together.
    """
    request.require_possible()
    return {"request": request.to_json(), "place": new_place(), "by": by}


def export_job(application: Any, parameters: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Make the export, and put on record that it left; what is told of it to whoever looks.

    Raises:
        InputError: the parameters are none, the disk is full, or there is nothing to write.
    """
    try:
        request = ExportRequest.from_json(parameters["request"])
        place, by = str(parameters["place"]), str(parameters["by"])
    except (KeyError, TypeError) as error:
        raise InputError(f"these are no parameters of an export ({error})") from error
    exports = application.exports
    told: dict[str, Any] = exports.kept.make(place, request, exports.run, progress)
    exports.record(by, request.kind.value, **on_record(request, told))
    return told
