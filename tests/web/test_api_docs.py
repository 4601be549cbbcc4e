"""``docs/api.md`` tells of the calls, fields and values that the OpenAPI document has, alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.site import Site
from tests.web.walk import templates

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
CALL = re.compile(
    r"^\| `(?P<call>[A-Z]+ [^`?]+)(\?(?P<query>[^`]+))?`"
    r"( `(?P<body>\{.*?\})`)? \| (?P<gives>.+?) \|",
    re.MULTILINE,
)
SHAPE = re.compile(r"^\| `([A-Z]\w+)` \| (one of )?(.+) \|$", re.MULTILINE)
JSON, PROBLEM = "application/json", "application/problem+json"
OF_THE_FRAMEWORK = {"HTTPValidationError", "ValidationError"}
"""Errors have a shape of our own in their place."""
UNLISTED = {"GET /healthz", "GET /readyz", "GET /card", "GET /card/{checkpoint_id}", "GET /metrics"}
"""Calls that the document leaves out: for machines around the server, and pages for people."""

OTHER_NAMES = {
    *(
        "account_closed",
        "image_damaged",
        "invalid_token",
        "limited",
        "missing_scope",
        "not_signed_in",
        "not_stored",
    ),  # codes, and a call
    *("answers", "storage", "storage_lost"),
    *("metrics", "stats"),  # scopes
    *("bad_input", "busy", "conflict", "failed", "foreign_origin", "idempotency_key_reused"),
    *("internal", "invalid", "length_required", "missing_scope", "not_allowed", "not_found"),
    *("corrections", "exports", "labels", "policies", "statistics"),  # parts of addresses
    *("quota", "too_large", "wrong_method", "below", "files", "n", "seconds"),
    *("csv", "form", "handle", "jsonl", "password", "since", "today"),  # parameters
    *("detail", "error", "status"),  # of answers without a shape
    *(
        "facts",
        "raised",
        "replay",
        "sequence",
        "settled",
        "subject",
        "wait",
        "whsec_",
    ),  # of webhooks
    *("generator_claim", "review_session"),  # a column and a cookie
}


@pytest.fixture(scope="module")
def document(site: Site) -> Any:
    return site.web.openapi()


@pytest.fixture(scope="module")
def shapes(document: Any) -> Any:
    found = document["components"]["schemas"]
    return {name: found[name] for name in found.keys() - OF_THE_FRAMEWORK}


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        yield from ((f"{method.upper()} {path}", of) for method, of in methods.items())


def json_shape(holder: Any) -> str:
    """How the page writes what a body or an answer is."""
    said = holder.get("content", {}).get("application/json", {}).get("schema", {})
    one = said.get("items", said).get("$ref", "").rsplit("/", 1)[-1]
    return f"list of `{one}`" if "items" in said else f"`{one}`" if one else ""


def parameters(operation: Any, where: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == where}


def test_every_call_is_documented_and_none_that_does_not_exist(site: Site, document: Any) -> None:
    told = [found["call"] for found in CALL.finditer(TEXT)]
    assert len(told) == len(set(told))
    assert set(told) == {name for name, _ in operations(document)} | UNLISTED
    assert set(templates(site.web)) >= UNLISTED


def test_each_call_is_documented_with_what_it_takes_and_gives(document: Any, shapes: Any) -> None:
    told = {found["call"]: found for found in CALL.finditer(TEXT)}
    for name, operation in operations(document):
        row = told[name]
        query = {part.partition("=")[0] for part in (row["query"] or "").split("&") if part}
        assert query == parameters(operation, "query"), name
        assert parameters(operation, "header") <= {"x-person", "Idempotency-Key"}, name
        body = json_shape(operation.get("requestBody", {})).strip("`")
        fields = set(shapes[body]["properties"]) if body else set()
        assert set(re.findall(r'"(\w+)"', row["body"] or "")) == fields, name
        (status, answer), *_ = operation["responses"].items()
        given = "nothing (204)" if status == "204" else json_shape(answer) or "a file"
        assert row["gives"] == given, name
    assert "`X-Person`" in TEXT


def test_every_call_says_what_its_errors_are_and_which_answers_are_files(document: Any) -> None:
    for name, operation in operations(document):
        answers = operation["responses"]
        assert {"default", "422"} <= answers.keys(), name
        shapes = {json_shape(answers[status]) for status in ("default", "422")}
        kinds = {kind for status in ("default", "422") for kind in answers[status]["content"]}
        assert (shapes, kinds) in (({"`ErrorAnswer`"}, {JSON}), ({""}, {PROBLEM})), name
        assert "204" in answers or json_shape(answers["200"]) or "*/*" in answers["200"]["content"]


def test_every_field_and_value_is_documented_and_none_that_does_not_exist(shapes: Any) -> None:
    told = {name: set(re.findall(r"`([^`]+)`", words)) for name, _, words in SHAPE.findall(TEXT)}
    there = {name: set(of.get("properties", of.get("enum", []))) for name, of in shapes.items()}
    assert told == there


def test_names_in_the_text_are_those_of_fields_values_and_codes(shapes: Any) -> None:
    known = set(shapes)
    for of in shapes.values():
        known |= {*of.get("properties", []), *of.get("enum", [])}
    constants = re.findall(r"'const': '(\w+)'", str(shapes))
    named = set(re.findall(r"`([a-z]\w*)`", TEXT))
    assert named - known - set(constants) - OTHER_NAMES == set()
