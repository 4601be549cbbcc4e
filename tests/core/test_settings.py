"""Settings: read from the environment, refused when unsafe, with words that name them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import migrations
from review_app.core.errors import SettingsError
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings, load_settings
from storage.database import Database


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"REVIEW_{name.upper()}", raising=False)


def test_the_defaults_are_safe() -> None:
    settings = load_settings()
    assert (settings.host, settings.allow_remote) == ("127.0.0.1", False)
    assert settings.checkpoint == DEFAULT_CHECKPOINT
    assert settings.url == f"sqlite:///{Path('review-data').resolve()}/review.db"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_PORT", "8000")
    monkeypatch.setenv("REVIEW_SESSION_HOURS", "0.5")
    settings = load_settings()
    assert (settings.port, settings.session_hours) == (8000, 0.5)


def test_what_is_given_in_the_call_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_PORT", "8000")
    assert load_settings(port=9000).port == 9000


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="REVIEW_PROT"):
        load_settings(prot=9000)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_nothing_more(host: str) -> None:
    assert load_settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "review.example.org", ""])
@pytest.mark.parametrize(
    "others",
    [
        {},
        {"allow_remote": True},
        {"public_url": "https://review.example.org"},
        {"allow_remote": True, "public_url": "http://review.example.org"},
    ],
)
def test_listening_beyond_loopback_without_tls_is_refused(
    host: str, others: dict[str, object]
) -> None:
    with pytest.raises(SettingsError, match=r"REVIEW_ALLOW_REMOTE=true and REVIEW_PUBLIC_URL=http"):
        load_settings(host=host, **others)


def test_listening_beyond_loopback_behind_tls_is_allowed() -> None:
    settings = load_settings(
        host="0.0.0.0", allow_remote=True, public_url="https://review.example.org/"
    )
    assert settings.secure_cookies
    assert settings.address() == "https://review.example.org"


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "http://127.0.0.1:7861"), ("::1", "http://[::1]:7861")]
)
def test_the_address_that_people_type(host: str, address: str) -> None:
    settings = load_settings(host=host, port=0)
    assert settings.address(7861) == address
    assert not settings.secure_cookies


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("session_hours", "0"),
        ("session_hours", "inf"),
        ("session_hours", "nan"),
        ("link_minutes", "1441"),
        ("max_file_mb", "-3"),
        ("max_megapixels", "nan"),
        ("max_archive_mb", "inf"),
        ("log_level", "CHATTY"),
        ("public_url", "review.example.org"),
        ("public_url", "javascript:alert(1)"),
        ("public_url", "https://review.example.org/below"),
        ("public_url", "https://ada:secret@review.example.org"),
        ("trusted_proxies", "proxy.example.org"),
        ("trusted_proxies", "10.0.0.7/8"),
        ("trusted_proxies", "10.0.0.7,0.0.0.0/0"),
        ("trusted_proxies", "::/0"),
        ("database_url", "not a database"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///:memory:"),
        ("database_url", "postgresql://ada:secret@db/review"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_not_repeated_where_it_may_be_secret(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"REVIEW_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"{variable}: [A-Za-z]") as refusal:
        load_settings()
    assert "secret" not in str(refusal.value)


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(port=-1, link_minutes=0)
    assert re.findall(r"REVIEW_\w+", str(refusal.value)) == ["REVIEW_PORT", "REVIEW_LINK_MINUTES"]


def test_a_tilde_means_the_home_directory() -> None:
    settings = load_settings(data_dir="~/reviews", xception_weights="~/weights.pth")
    assert settings.data_dir == Path.home() / "reviews"
    assert settings.xception_weights == Path.home() / "weights.pth"


def test_a_backbone_finds_the_weights_of_its_parts(tmp_path: Path) -> None:
    name = "clip_vit_b16+efficientnet_lite0+xception"
    settings = load_settings(data_dir=tmp_path, xception_weights=tmp_path / "x.pth")
    assert settings.weights_for(name) == {"xception": tmp_path / "x.pth"}
    fetched = settings.fetched_weights("clip_vit_b16")
    fetched.parent.mkdir()
    fetched.touch()
    assert settings.weights_for("clip_vit_b16") == {"clip_vit_b16": fetched}
    told = load_settings(data_dir=tmp_path, clip_vit_b16_weights=tmp_path / "other.onnx")
    assert told.weights_for(name) == {"clip_vit_b16": tmp_path / "other.onnx"}
    assert told.weights_for("efficientnet_lite0") == {}


@pytest.mark.parametrize("folder", ["plain", "with space", "what? #1 100% & ü@host:5"])
def test_the_database_lies_in_the_data_directory_whatever_its_name(
    folder: str, tmp_path: Path
) -> None:
    settings = load_settings(data_dir=tmp_path / folder)
    settings.data_dir.mkdir()
    database = Database(settings.url)
    migrations.upgrade(database.engine)
    database.close()
    assert (tmp_path / folder / "review.db").stat().st_size > 0


def test_a_database_elsewhere_is_used_as_given() -> None:
    assert load_settings(database_url="sqlite:////srv/x.db").url == "sqlite:////srv/x.db"
