"""Which language is spoken, and how numbers and plurals read in it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from review_app.i18n import (
    ENGLISH,
    LANGUAGES,
    Language,
    Text,
    current_language,
    deferring,
    negotiate,
    number,
    percent,
    render_deferred,
    significant,
    t,
    use_language,
)
from tests.languages import GERMAN, SPANISH


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", GERMAN),
        ("de-AT,de;q=0.9,en;q=0.8", GERMAN),
        ("fr-FR,fr;q=0.9,es;q=0.8,en;q=0.7", SPANISH),
        ("en;q=0.2, de;q=0.7", GERMAN),
        ("ES-419", SPANISH),
        ("de;q=0", ENGLISH),
        ("fr", ENGLISH),
        ("*", ENGLISH),
        ("", ENGLISH),
    ],
)
def test_the_language_that_the_browser_likes_best_is_spoken(
    accepted: str, language: Language
) -> None:
    assert negotiate(accepted) == language


@given(st.text(max_size=60), st.none() | st.text(max_size=10))
def test_no_header_is_too_odd(accepted: str, chosen: str | None) -> None:
    assert negotiate(accepted, chosen) in LANGUAGES


def test_what_somebody_chose_goes_before_what_the_browser_likes() -> None:
    assert negotiate("de", "es") == SPANISH
    assert negotiate("de", "tlh") == GERMAN


def test_plural_forms_and_numbers_follow_the_language() -> None:
    with use_language(GERMAN):
        assert "1 Minute " in t("signin.too_many", n=1)
        assert "1.234 Minuten" in t("signin.too_many", n=1234)
        assert number(1234567.25, 1) == "1.234.567,2"
        assert percent(0.0412) == "4,1\N{NO-BREAK SPACE}%"
    with use_language(SPANISH):
        assert (number(1234), number(12345)) == ("1234", "12.345")
    assert (number(-1234.5, 1), percent(0.05)) == ("-1,234.5", "5%")
    assert current_language() == ENGLISH


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.97449, "0.974"), (0.05, "0.05"), (12.0, "12"), (1234.5, "1,234"), (1e-5, "0.00001")],
)
def test_significant_digits_never_round_the_whole_part(value: float, written: str) -> None:
    assert significant(value) == written
    assert percent(value / 100, 3) == f"{written}%"


@example(-0.0)
@given(st.floats(-1e300, 1e300) | st.integers(-(10**300), 10**300))
def test_no_number_is_too_large_or_small_to_be_written(value: float) -> None:
    assert number(value, 2) == f"{value or 0:,.2f}"
    assert significant(value).startswith("-") is (value < 0)
    assert percent(value).endswith("%")
    assert t("signin.too_many", n=value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_finite_number_is_written_as_python_does(value: float) -> None:
    assert number(value, 2) == significant(value) == percent(value) == str(value)


def test_a_text_is_worded_for_whom_it_is_said_to_with_the_texts_in_it() -> None:
    text = Text("header.signed_in_admin", {"name": Text("header.admin")})
    assert text.render(ENGLISH) == "Signed in as Admin (admin)"
    assert text.render(GERMAN) == "Angemeldet als Verwaltung (Verwaltung)"


def test_a_page_that_is_built_for_all_is_worded_when_it_is_sent() -> None:
    with deferring():
        page = f"<p>{t('header.language')}</p><p>{t('signin.too_many', n=2)}</p>"
        with pytest.raises(TypeError, match="numbers only"):
            t("header.signed_in_admin", name="<b>")
    assert render_deferred("[[t:no.such]] [[t:signin.too_many]]", GERMAN) == (
        "[[t:no.such]] [[t:signin.too_many]]"
    )
    assert render_deferred(page, GERMAN) == (
        f"<p>Sprache</p><p>{Text('signin.too_many', {'n': 2}).render(GERMAN)}</p>"
    )
