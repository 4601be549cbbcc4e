"""Pages come in the language that the browser likes, or that the person chose."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from review_app.bootstrap import open_application
from review_app.core.notice import DEMO
from review_app.core.settings import Settings
from review_app.i18n import Language
from review_app.web.assets import words_url
from review_app.web.language import COOKIE
from storage.enums import Role
from tests.web.site import Site

GERMAN = {"accept": "text/html", "accept-language": "de-CH,de;q=0.9,en;q=0.5"}


def test_the_sign_in_page_is_in_the_language_that_the_browser_likes(site: Site) -> None:
    page = site.anybody().get("/login", headers=GERMAN).text
    assert '<html lang="de">' in page
    assert "<h1>Anmelden</h1>" in page
    assert "<h1>Sign in</h1>" in site.anybody().get("/login").text


def test_a_choice_is_kept_and_goes_before_the_browsers(site: Site) -> None:
    client = site.anybody()
    answer = client.post("/language", data={"language": "es", "next": "/login?next=/admin/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/admin/")
    cookie = answer.headers["set-cookie"].lower()
    assert f"{COOKIE}=es" in cookie
    assert "max-age=31536000" in cookie
    assert "samesite=lax" in cookie
    assert '<html lang="es">' in client.get("/login", headers=GERMAN).text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_choosing_a_language_leads_nowhere_else(site: Site, target: str) -> None:
    answer = site.anybody().post("/language", data={"language": "de", "next": target})
    assert answer.headers["location"] == "/"


def test_a_language_that_there_is_not_is_refused(site: Site) -> None:
    assert site.anybody().post("/language", data={"language": "tlh"}).status_code == 422


@pytest.mark.parametrize("path", ["/review/", "/review/inspect", "/admin/"])
def test_gradios_pages_are_worded_on_their_way_out(site: Site, path: str) -> None:
    client, _person = site.signed_in(Role.ADMIN)
    answer = client.get(path, headers=GERMAN)
    assert answer.status_code == 200
    assert 'lang="de"' in answer.text
    assert words_url(Language("de")) in answer.text
    assert "Abmelden" in answer.text
    assert "Sign out" not in answer.text
    assert "[[t:" not in answer.text
    assert "Sign out" in client.get(path, headers={"accept": "text/html"}).text


def test_what_the_deployment_is_stands_on_every_page_in_its_readers_language(
    tmp_path: Path,
) -> None:
    with closing(open_application(Settings(data_dir=tmp_path))) as app:
        app.notice.set(DEMO)
    with closing(Site(tmp_path)) as site:
        client, _person = site.signed_in(Role.ADMIN)
        for path in ("/review/", "/review/inspect", "/admin/"):
            told = client.get(path, headers=GERMAN).text
            assert "Ausschnitte freier Fotos" in told
            assert "crops of free photos" not in told


def test_the_texts_for_scripts_are_a_module_that_may_be_kept_for_ever(site: Site) -> None:
    answer = site.anybody().get(words_url(Language("de")))
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    (german,) = json.loads(answer.text.removeprefix("export default ").rstrip(";\n"))
    assert german["locale"] == "de"
    assert german["texts"]["header.sign_out"] == "Abmelden"


def test_a_refusal_is_worded_for_who_asks_and_in_english_where_nobody_does(site: Site) -> None:
    client, _person = site.signed_in()
    unknown = {"item_id": "never-handed-out"}
    messages = [
        client.post("/api/v1/review/skip", json=unknown, headers=headers).json()
        for headers in ({}, {"accept-language": "de"})
    ]
    english, german = (message["error"] for message in messages)
    assert english["code"] == german["code"] == "claim_lost"
    assert english["message"] == "this image is not yours to skip; take the next one"
    assert german["message"].startswith("dieses Bild liegt nicht bei Ihnen")
