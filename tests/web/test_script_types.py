"""The types that scripts are checked with say of the API what the OpenAPI document says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.web.site import Site

TYPES = Path(__file__).parents[2] / ".ci" / "javascript" / "types.d.ts"
SCHEMAS = {
    "Person": "Me",
    "Region": "Region",
    "ReviewerAnswer": "ReviewerAnswer",
    "Withdrawn": "Withdrawn",
    "Task": "Task",
    "Opinion": "ShownOpinion",
    "Receipt": "Receipt",
    "Answered": "Answered",
    "OwnAnswer": "OwnAnswer",
    "Progress": "Progress",
    "PageOptions": "Choices",
}
"""Interface of the scripts -> schema of the API."""
OF_THE_PAGE = {"OwnAnswer": {"unsent"}}
"""What the page itself notes beside what the server says."""
INTERFACE = re.compile(r"^interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.M | re.S)


@pytest.fixture(scope="module")
def interfaces() -> dict[str, tuple[str, set[str]]]:
    """Name -> what it extends, and its own fields."""
    found = INTERFACE.findall(TYPES.read_text(encoding="utf-8"))
    return {
        name: (base, set(re.findall(r"^  (\w+)\??:", body, re.M))) for name, base, body in found
    }


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items(), ids=SCHEMAS)
def test_a_type_has_the_fields_that_the_api_tells(
    name: str, schema: str, interfaces: dict[str, tuple[str, set[str]]], site: Site
) -> None:
    base, fields = interfaces[name]
    told: dict[str, Any] = site.web.openapi()["components"]["schemas"]
    inherited = interfaces[base][1] if base else set()
    assert (fields | inherited) - OF_THE_PAGE.get(name, set()) == set(told[schema]["properties"])
