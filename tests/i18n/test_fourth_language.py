"""A fourth language, whose plural forms no other has, is one file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from review_app.i18n import ENGLISH, Language, names
from review_app.i18n.catalogue import PLACEHOLDER, catalogue, read_catalogue
from tests.i18n.faults import faults, forms_of
from tests.i18n.fourth import POLISH, told_by

CODE = """
import json
from datetime import UTC, datetime, timedelta
from review_app.i18n import *
from review_app.i18n.formatting import percent_below
from review_app.web import assets, markup, pages

now = datetime.now(UTC)
polish = negotiate("pl-PL,pl;q=0.9,en;q=0.8")
with use_language(polish):
    print(json.dumps({
        "language": polish,
        "names": names(),
        "minutes": [t("signin.too_many", n=n) for n in (1, 2, 5, 12, 22, 1.5)],
        "numbers": [number(1234.5, 1), number(12345.5, 1), number(12345678)],
        "percent": [percent(0.5), percent(0.0412), percent_below(0.0412)],
        "list": [listed(["a", "b", "c"][:n]) for n in (1, 2, 3)],
        "day": day(datetime(2026, 5, 3, tzinfo=UTC)),
        "age": markup.age(now - timedelta(days=2, hours=5), now),
        "missing": t("refusals.too_fast", n=2),
        "page": pages.sign_in("/").body.decode(),
        "address": assets.words_url(polish),
    }))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told_by(CODE, tmp_path_factory.mktemp("polish")))
    return found


def test_the_file_is_all_that_it_takes_to_be_found(told: dict[str, Any]) -> None:
    assert told["language"] == "pl"
    assert told["names"] == names() | {Language("pl"): "Polski"}
    assert told["address"].endswith("/words/pl.js")


def test_each_number_takes_its_form(told: dict[str, Any]) -> None:
    beginning, end = "To było dużo prób. Poczekaj ", " i spróbuj ponownie."
    assert told["minutes"] == [
        f"{beginning}{words}{end}"
        for words in ("1 minutę", "2 minuty", "5 minut", "12 minut", "22 minuty", "1,5 minuty")
    ]


def test_numbers_lists_dates_and_ages_are_polish(told: dict[str, Any]) -> None:
    space = "\N{NO-BREAK SPACE}"
    assert told["numbers"] == ["1234,5", f"12{space}345,5", f"12{space}345{space}678"]
    assert told["percent"] == ["50%", "4,1%", "4,2%"]
    assert told["list"] == ["a", "a i b", "a, b i c"]
    assert told["day"] == "3 maja 2026"
    assert told["age"] == "2 d 5 godz."


def test_a_page_is_polish_where_there_are_texts_and_english_where_not(told: dict[str, Any]) -> None:
    assert '<html lang="pl">' in told["page"]
    assert "<h1>Zaloguj się</h1>" in told["page"]
    assert 'value="pl" lang="pl" class="quiet" aria-pressed="true">Polski</button>' in told["page"]
    assert PLACEHOLDER.sub("2", english("signin.no_password")) in told["page"]
    assert told["missing"] == PLACEHOLDER.sub("2", english("refusals.too_fast"))


def test_what_it_still_lacks_is_named() -> None:
    polish = read_catalogue(POLISH)
    assert forms_of(polish) == {"one", "few", "many", "other"}
    found = list(faults(polish, catalogue(ENGLISH).entries))
    lacking = catalogue(ENGLISH).entries.keys() - polish.entries.keys()
    assert sorted(found) == sorted(f"{key} is missing" for key in lacking)


def english(key: str) -> str:
    entry = catalogue(ENGLISH).entries[key]
    return entry if isinstance(entry, str) else entry["other"]
