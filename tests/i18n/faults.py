"""What is wrong with a catalogue, a sentence for each fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from review_app.i18n.catalogue import PLACEHOLDER, Catalogue, Entry

UNSAFE = "&<>\"'\\\n"
"""What would mean something else in HTML, in an attribute or in JSON."""


def faults(catalogue: Catalogue, english: Mapping[str, Entry]) -> Iterator[str]:
    """What a person who writes ``catalogue`` has to mend; nothing where it is whole."""
    yield from (f"{key} is missing" for key in english if key not in catalogue.entries)
    wanted = forms_of(catalogue)
    allowed = wanted | catalogue.cldr.locale.plural_form.tags
    for key, entry in catalogue.entries.items():
        if key not in english:
            yield f"{key} is no text of the English catalogue"
            continue
        if isinstance(entry, str) is not isinstance(english[key], str):
            yield f"{key} has plural forms in one of the two languages only"
        elif not isinstance(entry, str) and not wanted <= entry.keys() <= allowed:
            yield f"{key} has the plural forms {sorted(entry)}, not {sorted(wanted)}"
        if placeholders(entry) != (told := placeholders(english[key])):
            yield f"{key} has the placeholders {sorted(placeholders(entry))}, not {sorted(told)}"
        yield from (f"{key} {fault}" for form in texts(entry) for fault in _of_text(form))


def forms_of(catalogue: Catalogue) -> set[str]:
    """The plural forms that numbers below a million take, and ``other``, which stands in for the
    rest: CLDR has a form of its own for whole millions in some languages, as in Spanish."""
    return {catalogue.cldr.plural_form(n) for n in range(1000)} | {"other"}


def texts(entry: Entry) -> list[str]:
    """The sentence, or those of all forms."""
    return [entry] if isinstance(entry, str) else list(entry.values())


def placeholders(entry: Entry) -> set[str]:
    """The names in braces, of all forms together."""
    return {name for text in texts(entry) for name in PLACEHOLDER.findall(text)}


def _of_text(text: str) -> Iterator[str]:
    if text.strip() != text or not text:
        yield "is empty, or begins or ends with a space"
    if set(UNSAFE) & set(text):
        yield f"holds one of {UNSAFE!r}, which mean something else on a page"
