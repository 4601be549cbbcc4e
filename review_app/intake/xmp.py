"""XMP packets, parsed whole: properties by their names, not the first letters of the packet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, iterparse

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_LISTS: Final = frozenset({f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt"})
_OWN: Final = frozenset({f"{_RDF}about", f"{_RDF}parseType", f"{_RDF}resource", f"{_RDF}nodeID"})
_MAX_BYTES: Final = 4 * 1024**2
_MAX_ENTRIES: Final = 50
"""The most entries of one list that are read: a history of a thousand saves says no more."""
_MAX_DEPTH: Final = 12
_DECLARES: Final = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def parse(packet: str | bytes) -> dict[str, Value] | None:
    """The properties of an XMP packet by prefix and name, as in ``dc:creator``; those that are
    structures or lists last. None where it is no XML, is too large, or declares entities.
    """
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    start, end = text.find("<"), text.rfind(">")
    if start < 0 or len(text) > _MAX_BYTES or _DECLARES.search(text):
        return None
    try:
        root, prefixes = _elements(text[start : end + 1])
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None
    found: dict[str, Value] = {}
    for description in (one for rdf in root.iter(f"{_RDF}RDF") for one in rdf):
        for name, value in _properties(description, prefixes, 0):
            found.setdefault(name, value)
    return dict(sorted(found.items(), key=_later))


def _later(pair: tuple[str, Value]) -> tuple[bool, bool, bool]:
    """What is cut first where there is too much: structures, and settings of raw converters, of
    which there are hundreds; never what the image is made by."""
    name, value = pair
    tells = "DigitalSourceType" in name or "AI" in name
    return (not tells, name.startswith("crs:"), not isinstance(value, str))


def _elements(text: str) -> tuple[Element, Mapping[str, str]]:
    """The document's root, and the prefix of each of its namespaces."""
    prefixes: dict[str, str] = {}
    root: Element | None = None
    events: Iterator[tuple[str, Any]] = iterparse(  # noqa: S314 - declarations were refused
        StringIO(text), events=("start", "start-ns")
    )
    for event, what in events:
        if event == "start-ns":
            prefixes.setdefault(what[1], what[0])
        elif root is None:
            root = what
    if root is None:
        raise ValueError("no element")
    return root, prefixes


def _properties(
    element: Element, prefixes: Mapping[str, str], depth: int
) -> Iterator[tuple[str, Value]]:
    """The properties of a description or a structure: its attributes, and its elements."""
    for name, text in element.attrib.items():
        if name not in _OWN and name != _XML_LANG:
            yield _named(name, prefixes), text.strip()
    for child in element:
        value = _value(child, prefixes, depth + 1)
        if value not in ("", [], {}):
            yield _named(child.tag, prefixes), value


def _value(element: Element, prefixes: Mapping[str, str], depth: int) -> Value:
    if depth > _MAX_DEPTH:
        return ""
    resource = element.get(f"{_RDF}resource")
    if resource is not None:
        return resource.strip()
    children = list(element)
    if len(children) == 1 and children[0].tag in _LISTS:
        entries = [_value(one, prefixes, depth + 1) for one in list(children[0])[:_MAX_ENTRIES]]
        return entries[0] if len(entries) == 1 else entries
    if len(children) == 1 and children[0].tag == f"{_RDF}Description":
        return dict(_properties(children[0], prefixes, depth + 1))
    inner = dict(_properties(element, prefixes, depth + 1))
    return inner or (element.text or "").strip()


def _named(tag: str, prefixes: Mapping[str, str]) -> str:
    """``prefix:name`` of a tag as ElementTree writes it, ``{namespace}name``."""
    namespace, _, name = tag.removeprefix("{").rpartition("}")
    prefix = prefixes.get(namespace, "")
    return f"{prefix}:{name}" if prefix else name
