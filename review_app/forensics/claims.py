"""A file may say itself that a generator made it: where, by what, and how easily that is forged.

It decides nothing: anybody can write such a claim into a photograph, and take it out of a fake.
Absence means nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final


class ClaimEvidence(StrEnum):
    """The evidence behind a claim, the strongest first."""

    TRUSTED = "c2pa_trusted"
    """Content credentials, whole, by a signer that this site trusts."""
    SIGNED = "c2pa_unknown_signer"
    """Content credentials, whole, by anybody."""
    UNCHECKED = "c2pa_unchecked"
    """Content credentials that nothing here could check."""
    BROKEN = "c2pa_broken"
    """Content credentials that do not fit the file."""
    METADATA = "metadata"
    """Plain text: every editor can write it."""


@dataclass(frozen=True, slots=True)
class GeneratorClaim:
    """One place in which a file says that a generator made it."""

    by: str
    """What made it, as far as the file tells; ``""`` where it does not."""
    evidence: ClaimEvidence
    place: str
    """The place where it says so: a key of the metadata and the name in it, as in ``exif
    UserComment``."""


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_GENERATED: Final = re.compile(
    r"(compositeWith|composite)?trainedAlgorithmicMedia|compositeSynthetic|algorithmicMedia",
    re.IGNORECASE,
)
"""Digital source types of the IPTC that mean a generator, wholly or in part."""
_STATES: Final = {
    "trusted": ClaimEvidence.TRUSTED,
    "valid": ClaimEvidence.SIGNED,
    "unchecked": ClaimEvidence.UNCHECKED,
}
_PARAMETERS: Final = re.compile(r"\bSteps: \d+,.{0,200}\b(Sampler|CFG scale|Seed): ", re.DOTALL)
_JOB: Final = re.compile(r"\bJob ID: [0-9a-f-]{36}|\s--(v|ar|niji|stylize) [\d.:]+")
_GENERATORS: Final = re.compile(
    r"(?<!not )(?<!no )(?<!non-)\b("
    r"Stable[ _-]?Diffusion|Automatic1111|ComfyUI|InvokeAI|NovelAI|Fooocus|SwarmUI|Midjourney|"
    r"DALL[·.\- ]?E|OpenAI|ChatGPT|GPT-4o|Adobe[ _]Firefly|Google AI|Nano Banana|Black Forest Labs|"
    r"Leonardo\.ai|Bing Image Creator|Meta AI|Dreamstudio|StyleGAN)\b",
    re.IGNORECASE,
)
_NAMELESS: Final = re.compile(
    r"(?<!not )(?<!no )(?<!non-)\b"
    r"(AI[- ]generated|(?:generated|imagined|created|made) (?:with|by|using) AI|AIGC)\b",
    re.IGNORECASE,
)
_PROGRAMS: Final = re.compile(
    r"\b(Firefly|Gemini|Imagen|Grok|Flux|Forge|Ideogram|Recraft|Kling|Runway|Microsoft Designer|"
    r"Image Creator)\b",
    re.IGNORECASE,
)
"""Names that mean something else, too: they count where a program writes its own name."""
_PROGRAM_PLACES: Final = re.compile(
    r"^(exif (Software|HostComputer)|iptc OriginatingProgram|text (Software|Generator)|"
    r"xmp (xmp:CreatorTool|tiff:Software))$"
)
_NAMING: Final = re.compile(
    r"^(exif (Software|Make|Model|Artist|ImageDescription|UserComment|XP\w+|HostComputer)|"
    r"iptc .*|comment|text (Software|Source|Author|Description|Title|Comment|Generator)|"
    r"xmp (xmp:CreatorTool|photoshop:(Credit|Source)|dc:\w+|tiff:(Software|Make|Model)|"
    r"Iptc4xmpExt:\w+|plus:\w+))$",
    re.IGNORECASE,
)
"""Places where programs put their names, and people what an image is."""
_GRAPHS: Final = {
    "workflow": "ComfyUI",
    "prompt": "ComfyUI",
    "invokeai_metadata": "InvokeAI",
    "invokeai_graph": "InvokeAI",
    "sd-metadata": "InvokeAI",
    "dream": "InvokeAI",
    "fooocus_scheme": "Fooocus",
    "sui_image_params": "SwarmUI",
    "generation_data": "",
}
"""Text chunks in which generators keep what they were told."""
_BRIEF: Final = 80
"""Letters of a value that is remembered."""
_NAMES: Final = {
    _letters(name): name
    for name in (
        *("Stable Diffusion", "Automatic1111", "ComfyUI", "InvokeAI", "NovelAI", "Fooocus"),
        *("SwarmUI", "Midjourney", "DALL·E", "OpenAI", "ChatGPT", "GPT-4o", "Adobe Firefly"),
        *("Google AI", "Nano Banana", "Black Forest Labs", "Leonardo.ai", "Bing Image Creator"),
        *("Meta AI", "Dreamstudio", "StyleGAN", "Firefly", "Gemini", "Imagen", "Grok", "Flux"),
        *("Forge", "Ideogram", "Recraft", "Kling", "Runway", "Microsoft Designer"),
        "Image Creator",
    )
}
"""The names of generators, by their letters: files write them in many ways."""
_NODES: Final = re.compile(r'^\s*\{.*("class_type"|"nodes"|"inputs"|"model|"seed"|"prompt")', re.S)


def claims(metadata: Mapping[str, Any]) -> list[GeneratorClaim]:
    """Every claim in what `review_app.intake.metadata` read of a file, the best proven first."""
    order = list(ClaimEvidence)
    found = [*_signed(metadata.get("c2pa")), *_written(metadata)]
    return sorted(found, key=lambda claim: (order.index(claim.evidence), not claim.by))


def generator_claim(metadata: Mapping[str, Any] | None) -> str | None:
    """The strongest claim in one cell, as in ``metadata: ComfyUI``; None where there is none."""
    found = claims(metadata or {})
    if not found:
        return None
    by = next((claim.by for claim in found if claim.by), "")
    return f"{found[0].evidence}: {by}" if by else str(found[0].evidence)


def claimed_generators(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The generators that a file claims, each once, under the name that images are found by; ``""``
    for one that it does not name. Empty where there is no claim."""
    return tuple(dict.fromkeys(generator_name(claim.by) for claim in claims(metadata)))


def generator_name(by: str) -> str:
    """What a file calls its maker, under the one name that we have for it; what we do not know is
    called as the file does, if it says so briefly."""
    known = _GENERATORS.search(by) or _PROGRAMS.search(by)
    return _NAMES.get(_letters(known[0]), known[0]) if known else by.strip()[:_BRIEF]


def _signed(credentials: Any) -> Iterator[GeneratorClaim]:
    if not isinstance(credentials, Mapping):
        return
    sources = [str(one) for one in credentials.get("sources") or ()]
    by = str(credentials.get("generator") or "")
    if any(_GENERATED.fullmatch(source) for source in sources) or _GENERATORS.search(by):
        evidence = _STATES.get(str(credentials.get("state")), ClaimEvidence.BROKEN)
        yield GeneratorClaim(by, evidence, "c2pa sources")


def _written(metadata: Mapping[str, Any]) -> Iterator[GeneratorClaim]:
    for place, value in _values(metadata):
        by = _told_briefly(place, value) if len(value) <= _BRIEF else _told(place, value)
        if by is not None:
            yield GeneratorClaim(by, ClaimEvidence.METADATA, place)


@lru_cache(maxsize=4096)
def _told_briefly(place: str, value: str) -> str | None:
    """The same of ``value`` that is short: the names of cameras and programs come again and
    again."""
    return _told(place, value)


def _told(place: str, value: str) -> str | None:
    """What ``value`` at ``place`` names as its maker: a generator, ``""`` for one without a name,
    None for no claim."""
    name = place.rsplit(" ", 1)[-1]
    if "DigitalSourceType" in (place if place != "xmp" else value):
        return "" if _GENERATED.search(value) else None
    if "AISystemUsed" in place:
        return value[:80]
    if place.startswith("text ") and name.lower() in _GRAPHS and _NODES.search(value):
        return _GRAPHS[name.lower()]
    if value.lower().startswith(("workflow:{", "prompt:{")):
        return "ComfyUI"
    if _PARAMETERS.search(value):
        return "Stable Diffusion"
    if _JOB.search(value) and _NAMING.match(place):
        return "Midjourney"
    if '"AIGC"' in value or place.endswith("AIGC"):
        return ""
    named = _GENERATORS.search(value) if _NAMING.match(place) else None
    if named is None and _PROGRAM_PLACES.match(place):
        named = _PROGRAMS.search(value)
    if named:
        return named[0]
    return "" if _NAMING.match(place) and _NAMELESS.search(value) else None


def _values(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text with its place: the group and the name in it."""
    for group in ("exif", "xmp", "iptc", "text", "comment"):
        content = metadata.get(group)
        if isinstance(content, Mapping):
            for name, value in content.items():
                yield from ((f"{group} {name}", text) for text in _texts(value))
        elif isinstance(content, str):
            yield group, content


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
