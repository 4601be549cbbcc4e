"""A zip archive whose list of members lies on disk until it is written at the end.

`zipfile` keeps an object for each member, more than half a kilobyte, which is what limits archives
of many small images.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

from review_app.core.spool import Spool

_FIELDS: Final = (
    *("filename", "date_time", "CRC", "compress_size", "file_size", "header_offset"),
    *("external_attr", "compress_type", "flag_bits", "create_system", "create_version"),
    *("extract_version", "internal_attr", "volume"),
)
"""What the end of an archive tells of each member."""


class _Nameless(dict[str, zipfile.ZipInfo]):
    """The members by name: none, for nobody reads what is being written."""

    def __setitem__(self, name: str, member: zipfile.ZipInfo) -> None:
        pass


class SpooledArchive(zipfile.ZipFile):
    """A new archive, to be written alone. Whoever writes a name twice is not warned."""

    def __init__(self, path: Path) -> None:
        """``path``: what is stored is not compressed, for images are already."""
        super().__init__(path, "w", zipfile.ZIP_STORED)
        self.filelist: Any = Spool(path.parent, _told, _member)
        self.NameToInfo = _Nameless()

    def close(self) -> None:
        """Write the list of members, once."""
        is_open = self.fp is not None
        super().close()
        if is_open:
            self.filelist.close()


def _told(member: zipfile.ZipInfo) -> list[Any]:
    return [getattr(member, name) for name in _FIELDS]


def _member(told: list[Any]) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(told[0], tuple(told[1]))
    for name, value in zip(_FIELDS[2:], told[2:], strict=True):
        setattr(member, name, value)
    return member
