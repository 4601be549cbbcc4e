"""IPTC records (IIM 4.2) that photo agencies write, and by now generators, too."""

from __future__ import annotations

from typing import Any, Final

from PIL import Image, ImageFile, IptcImagePlugin

_NAMES: Final = {
    5: "ObjectName",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    65: "OriginatingProgram",
    70: "ProgramVersion",
    80: "By-line",
    85: "By-lineTitle",
    90: "City",
    101: "Country",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption",
    122: "CaptionWriter",
}
"""The names of the fields of the application record, 2."""
_UTF8: Final = b"\x1b%G"
"""Value of 1:90 where texts are UTF-8."""


def read_iptc(image: Image.Image) -> dict[str, str | list[str]]:
    """The texts of the application record by name; none where there are none, or no way to them."""
    if not isinstance(image, ImageFile.ImageFile):
        return {}
    try:
        found: dict[tuple[int, int], Any] = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:  # hostile records raise whatever the parser stumbles on
        return {}
    encoding = "utf-8" if found.get((1, 90)) == _UTF8 else None
    texts: dict[str, str | list[str]] = {}
    for (record, number), value in found.items():
        if record == 2 and number in _NAMES:
            values = [
                _text(one, encoding) for one in (value if isinstance(value, list) else [value])
            ]
            texts[_NAMES[number]] = values if len(values) > 1 else values[0]
    return texts


def _text(value: object, encoding: str | None) -> str:
    if not isinstance(value, bytes):
        return ""
    try:
        return value.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
