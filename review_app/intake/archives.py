"""Zip archives as streams of entries: nothing is written to disk, and bombs are told beforehand."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from review_app.core.errors import RefusalReason, RefusedFile
from review_app.i18n import Text

_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_JAPANESE: Final = re.compile("[\u3041-\u30fe\u4e00-\u9fff]{2}")
"""Kana and kanji, two of them: a single one may be an accented letter and the one after it."""
_RATIO_MATTERS_ABOVE: Final = 1024**2
"""Small entries may compress as well as they like."""
_LITTER: Final = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The limits of what one archive may hold; beyond, it counts as a bomb."""

    max_entries: int = 200_000
    max_ratio: int = 200
    """Unpacked over packed size of one entry. (Flat PNG inside deflate reaches about 10.)"""
    max_total_bytes: int = 64 * 1024**3
    """Unpacked, all entries together."""


def is_zip(path: Path) -> bool:
    """Whether the file begins as a zip archive does; its name does not matter."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\3\4", b"PK\5\6")


def is_litter(name: str) -> bool:
    """Hidden files, and what operating systems leave in folders."""
    return name.startswith(".") or name.lower() in _LITTER


def display_name(name: str) -> str:
    """``name`` fit to be shown and stored: characters that do not print become ``?``.

    That covers controls, text direction overrides, and the lone surrogates by which Python
    carries file names that are not UTF-8.
    """
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else "?" for c in name)


def entries(
    path: Path, max_bytes: int, limits: ArchiveLimits
) -> Iterator[tuple[str, Callable[[], bytes]] | RefusedFile]:
    """Yield ``(name, read)`` for each file in the archive, in its own order, or a refusal.

    The archive stays open for as long as any ``read`` of it is alive.
    """
    shown = display_name(str(path))
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        damaged = Text("intake.zip_damaged", {"why": str(error)})
        yield RefusedFile(shown, RefusalReason.UNREADABLE, damaged)
        return
    members = archive.infolist()
    if len(members) > limits.max_entries:
        detail = Text("intake.zip_entries", {"n": len(members), "most": limits.max_entries})
        yield RefusedFile(shown, RefusalReason.BOMB, detail)
        return
    total = 0
    for member in members:
        parts = _parts(_name(member))
        if member.is_dir() or not parts or any(map(is_litter, parts)):
            continue
        name = f"{shown}/{'/'.join(parts)}"
        refused = _refuse(member, name, max_bytes, limits)
        if refused is not None:
            yield refused
            continue
        total += member.file_size
        if total > limits.max_total_bytes:
            detail = Text("intake.zip_unpacked", {"most": limits.max_total_bytes})
            yield RefusedFile(shown, RefusalReason.BOMB, detail)
            return
        yield name, partial(_read, archive, member, name)


def _name(member: zipfile.ZipInfo) -> str:
    """The entry's name. Where the archive does not say how it is written, UTF-8 where it is that,
    Shift JIS (Windows in Japan) where that makes words of its signs, else as the standard says."""
    if member.flag_bits & _UTF8 or member.filename.isascii():
        return member.filename
    try:
        raw = member.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "cp932"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or _JAPANESE.search(name):
            return name
    return member.filename


def _parts(filename: str) -> list[str]:
    """Path components for display; nothing is written, so ``..`` and drives merely go."""
    path = PurePosixPath(display_name(filename.replace("\\", "/")))
    return [part for part in path.parts if part not in ("/", "..", ".")]


def _refuse(
    member: zipfile.ZipInfo, name: str, max_bytes: int, limits: ArchiveLimits
) -> RefusedFile | None:
    size, packed = member.file_size, max(1, member.compress_size)
    if member.flag_bits & _ENCRYPTED:
        return RefusedFile(name, RefusalReason.UNREADABLE, Text("intake.zip_encrypted"))
    if name.lower().endswith(".zip"):
        return RefusedFile(name, RefusalReason.UNSUPPORTED, Text("intake.zip_in_zip"))
    if size > _RATIO_MATTERS_ABOVE and size > limits.max_ratio * packed:
        detail = Text("intake.zip_bomb", {"packed": packed, "size": size})
        return RefusedFile(name, RefusalReason.BOMB, detail)
    if size > max_bytes:
        detail = Text("inspect.too_many_bytes", {"size": size, "most": max_bytes})
        return RefusedFile(name, RefusalReason.TOO_LARGE, detail)
    return None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """The entry's bytes; zipfile stops at the declared size, so a lying header gains nothing."""
    try:
        return archive.read(member)
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,  # encrypted in a way that the flags do not say
        NotImplementedError,  # a compression method that this Python lacks
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        detail = Text("intake.zip_inside", {"why": str(error)})
        raise RefusedFile(name, RefusalReason.UNREADABLE, detail) from error
