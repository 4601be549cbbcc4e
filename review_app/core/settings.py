"""Settings, from the environment (prefix ``REVIEW_``). Unsafe values are refused at the start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from review_app.core.errors import SettingsError

Network = IPv4Network | IPv6Network

_DESK_NAME = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
DESK_NAME_PATTERN = f"^{_DESK_NAME}$"
DESKS = "desks"
"""The folder of the data directory in which each desk has a folder of its own."""
DEFAULT_CHECKPOINT = Path(__file__).parents[2] / "checkpoints" / "default"


class Settings(BaseSettings):
    """Every setting of a deployment; docs/settings.md lists them."""

    model_config = SettingsConfigDict(env_prefix="REVIEW_", extra="forbid", frozen=True)

    data_dir: Path = Field(
        Path("review-data"),
        description="Where images, features, exports and the SQLite database live.",
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of an SQLite file; empty: review.db in the data directory.",
    )
    seal_key_file: Path | None = Field(
        None, description="The keys that seal the audit log; empty: seal.key in the data directory."
    )
    seal_heads_file: Path | None = Field(
        None,
        description="Where it is told how far the audit log has come; empty: seal.heads in the "
        "data directory.",
    )
    checkpoint: Path = Field(
        DEFAULT_CHECKPOINT,
        description="Checkpoint directory that a new deployment starts with.",
    )
    xception_weights: Path | None = Field(
        None, description="Local weights for the xception backbone, for use without the hub."
    )
    clip_vit_b16_weights: Path | None = Field(
        None,
        description="Local weights for the clip_vit_b16 backbone; empty: where the command "
        "backbone fetch puts them in the data directory.",
    )
    engine: str = Field(
        "auto",
        pattern="^(auto|torch|openvino|openvino-bf16|openvino-int8|cuda-bf16)$",
        description="What networks run on: auto is the faster of torch and openvino; with "
        "openvino-bf16, openvino-int8 or cuda-bf16 a detector counts as another one.",
    )
    decode: str = Field(
        "exact",
        pattern="^(exact|shrunk)$",
        description="How files are decoded for detectors: exact, or shrunk, where large JPEGs are "
        "decoded at a part of their size, and a detector counts as another one.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(7860, description="Port; 0 picks one.")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+/?)?$",
        description="Address that people type, where a proxy stands in front (https://...).",
    )
    allow_remote: bool = Field(
        False,
        description="Confirms that listening beyond loopback is meant. "
        "Requires an https public_url: passwords must not travel in the clear.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of the proxies in front, divided by commas.",
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = Field(
        12, description="How long a sign-in lasts."
    )
    idle_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        120, description="How long a sign-in lasts without use."
    )
    link_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        60, description="How long a one-time sign-in link can be used."
    )
    max_file_mb: Annotated[float, Field(gt=0, le=2048)] = Field(
        64, description="Largest image file that intake takes, in MiB."
    )
    max_megapixels: Annotated[float, Field(gt=0, le=1000)] = Field(
        100, description="Largest image that intake takes, in millions of pixels."
    )
    max_inspect_megapixels: Annotated[float, Field(gt=0, le=1000)] = Field(
        25, description="Largest image that Inspect reads, in millions of pixels."
    )
    max_archive_mb: Annotated[float, Field(gt=0, le=1024**2)] = Field(
        4096, description="Most that one zip archive may unpack to, in MiB."
    )
    max_uploads_mb: Annotated[float, Field(gt=0, le=1024**2)] = Field(
        8192, description="Most that uploads of everybody may take on disk at a time, in MiB."
    )
    max_score_rows: Annotated[int, Field(gt=0, le=100_000_000)] = Field(
        5_000_000, description="Most rows of one score file."
    )
    max_views_mb: Annotated[float, Field(gt=0, le=1024**2)] = Field(
        1024, description="Most that forensic views may take on disk, in MiB."
    )
    reading_niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        15, description="How far work beside the server stands back behind whoever serves people."
    )
    kept_jobs: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1000, description="How many jobs in the background are remembered once they have ended."
    )
    find_faces: bool = Field(
        True, description="Whether faces are looked for in images while they are scored."
    )
    c2pa_trust: Path | None = Field(
        None,
        description="File of certificates (PEM) whose content credentials count as trusted.",
    )
    fetch_addresses: bool = Field(
        False,
        description="Whether programs may name public addresses for this server to fetch images "
        "from.",
    )
    api_calls_per_minute: Annotated[int, Field(gt=0, le=1_000_000)] = Field(
        600, description="Calls that one token of the API may make a minute."
    )
    webhook_networks: str = Field(
        "",
        description="Networks that webhooks may reach although they are not public, divided by "
        "commas; there, http will do.",
    )
    smtp_host: str = Field("", description="Server that mail is handed in at; empty: no mail.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port.")
    smtp_security: str = Field(
        "starttls",
        pattern="^(starttls|tls|none)$",
        description="How it is spoken to: starttls, tls, or none, in the clear.",
    )
    smtp_user: str = Field("", description="Name to sign in with there; empty: without.")
    smtp_password: SecretStr | None = Field(None, description="Password for that.")
    smtp_password_file: Path | None = Field(
        None, description="File that holds the password, in place of the setting."
    )
    mail_from: str = Field(
        "",
        pattern=r"^([^@\s<>]+@[^@\s<>]+)?$",
        description="Address that mails come from; needed where there is a server.",
    )
    mlflow_tracking_uri: str = Field(
        "",
        pattern=r"^(https?://[^\s/@]+(/[^\s@]*)?|sqlite:///[^\s?]+)?$",
        description="MLflow tracking address that learning and promotions are logged to; empty: "
        "nowhere.",
    )
    desk: str = Field(
        "",
        pattern=f"^({_DESK_NAME})?$",
        description="Desk that a command is about; empty: the queue that is always there.",
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Log level.")

    @field_validator(
        "data_dir",
        "checkpoint",
        "xception_weights",
        "clip_vit_b16_weights",
        "seal_key_file",
        "seal_heads_file",
        "c2pa_trust",
        "smtp_password_file",
    )
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser()

    @field_validator("database_url")
    @classmethod
    def _refuse_other_databases(cls, value: str) -> str:
        if value and not _is_sqlite_file(value):
            # The value is not repeated: addresses of databases hold passwords.
            raise ValueError("only an SQLite file will do, as in sqlite:////var/lib/review.db")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _refuse_what_is_no_network(cls, value: str) -> str:
        for network in _networks(value):
            if network.prefixlen == 0:
                raise ValueError("every address is trusted so; name the proxies' own")
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _refuse_every_network(cls, value: str) -> str:
        if any(network.prefixlen == 0 for network in _networks(value)):
            raise ValueError("every address could be reached so; name the receivers' networks")
        return value

    @model_validator(mode="after")
    def _refuse_half_a_mail_server(self) -> Settings:
        if self.smtp_host and not self.mail_from:
            raise ValueError("a mail server is set, so REVIEW_MAIL_FROM must be, too")
        if self.smtp_user and self.smtp_security == "none" and not _is_loopback(self.smtp_host):
            raise ValueError(
                "REVIEW_SMTP_SECURITY=none would send the password in the clear; use starttls "
                "or tls, or leave REVIEW_SMTP_USER empty"
            )
        return self

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Settings:
        if _is_loopback(self.host):
            return self
        if not (self.allow_remote and self.public_url.startswith("https://")):
            raise ValueError(
                f"host {self.host} is reachable from other machines; set REVIEW_ALLOW_REMOTE=true "
                "and REVIEW_PUBLIC_URL=https://... (a proxy that ends TLS), or use 127.0.0.1"
            )
        return self

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database."""
        if self.database_url:
            return self.database_url
        path = str(self.data_dir.resolve() / "review.db")
        from sqlalchemy import URL  # slow to import, and asking for help must not be

        return URL.create("sqlite", database=path).render_as_string()

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks of the trusted proxies."""
        return _networks(self.trusted_proxies)

    @property
    def reached_by_webhooks(self) -> tuple[Network, ...]:
        """The networks that webhooks may reach beside public ones."""
        return _networks(self.webhook_networks)

    def mail_password(self) -> str:
        """The password of the mail server. Raises ``SettingsError`` where its file is not to be
        read."""
        if self.smtp_password_file is None:
            return self.smtp_password.get_secret_value() if self.smtp_password else ""
        try:
            return self.smtp_password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            path = self.smtp_password_file
            raise SettingsError(f"REVIEW_SMTP_PASSWORD_FILE: {path} cannot be read") from error

    def weights_for(self, backbone: str) -> dict[str, Path]:
        """The local weights files for ``backbone``, by the names of the parts that want one."""
        fetched = self.fetched_weights("clip_vit_b16")
        files = {
            "xception": self.xception_weights,
            "clip_vit_b16": self.clip_vit_b16_weights or (fetched if fetched.is_file() else None),
        }
        return {part: path for part in backbone.split("+") if (path := files.get(part))}

    def fetched_weights(self, backbone: str) -> Path:
        """The place of the weights that the command ``backbone fetch`` has fetched."""
        return self.data_dir / "backbones" / f"{backbone}.safetensors"

    def for_desk(self, name: str) -> Settings:
        """The settings of the desk of that name: it has a data directory below this one, with a
        database, keys and detectors of its own."""
        return self.model_copy(
            update={
                "desk": name,
                "data_dir": self.data_dir / DESKS / name,
                "database_url": "",
                "seal_key_file": _for_desk(self.seal_key_file, name),
                "seal_heads_file": _for_desk(self.seal_heads_file, name),
                "clip_vit_b16_weights": self.weights_for("clip_vit_b16").get("clip_vit_b16"),
            }
        )

    @property
    def uploads_dir(self) -> Path:
        """The folder of uploads: a desk's below that of all, under a name that no page has."""
        return self.uploads_of_all / f"@{self.desk}" if self.desk else self.uploads_of_all

    @property
    def uploads_of_all(self) -> Path:
        """The folder in which uploads of the whole deployment lie for some minutes."""
        return (self.data_dir.parents[1] if self.desk else self.data_dir) / "uploads"

    @property
    def engines_dir(self) -> Path:
        """The folder of trials of engines and of converted networks, for the whole deployment."""
        return (self.data_dir.parents[1] if self.desk else self.data_dir) / "engines"

    def address(self, port: int | None = None) -> str:
        """Address that people type; ``port`` where the real one differs from the setting. A desk's
        is below that of the deployment."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = f"http://{host}:{self.port if port is None else port}"
        below = f"/{DESKS}/{self.desk}" if self.desk else ""
        return (self.public_url.rstrip("/") or own) + below

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies go over TLS only: wherever people come through it."""
        return self.public_url.startswith("https://")


def is_desk_name(name: str) -> bool:
    """Whether addresses and folders can call a desk so."""
    return re.fullmatch(_DESK_NAME, name) is not None


def _for_desk(path: Path | None, name: str) -> Path | None:
    """The file of the desk that stands beside that of the deployment."""
    return None if path is None else path.with_name(f"{path.stem}.{name}{path.suffix}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _networks(value: str) -> tuple[Network, ...]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    try:
        return tuple(ip_network(name) for name in names)
    except ValueError as error:
        raise ValueError(f"no network: {error}; as in 10.0.0.7,172.18.0.0/16") from None


def _is_sqlite_file(url: str) -> bool:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return False
    return parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:")


def misspelt(environment: Iterable[str]) -> list[str]:
    """A line for each variable that begins as settings do and is none, with the one that may be
    meant."""
    known, prefix = list(Settings.model_fields), "review_"
    lines = []
    for name in sorted(set(environment)):
        plain = name.lower().removeprefix(prefix)
        if name.lower().startswith(prefix) and plain not in known:
            near = get_close_matches(plain, known, 1)
            meant = f"is REVIEW_{near[0].upper()} meant?" if near else "docs/settings.md lists all"
            lines.append(f"{name} is no setting and does nothing; {meant}")
    return lines


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment. Raises ``SettingsError`` that names each bad one."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_in_words(fault["loc"], fault["msg"]) for fault in error.errors()]
        raise SettingsError("settings cannot be used:\n  " + "\n  ".join(lines)) from None


def _in_words(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"REVIEW_{str(location[0]).upper()}: {message}" if location else message
