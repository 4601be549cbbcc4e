"""An action on many images as a background job."""

from __future__ import annotations

from typing import Any

from review_app.core.errors import InputError
from review_app.core.progress import Progress


def bulk_job(application: Any, parameters: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Do the action that the job was asked for; what is told of it.

    Raises:
        InputError: the parameters name no action.
    """
    number = parameters.get("action")
    if not isinstance(number, int):
        raise InputError("these are no parameters of an action on many images")
    told: dict[str, Any] = application.bulk.run(number, progress)
    return told
