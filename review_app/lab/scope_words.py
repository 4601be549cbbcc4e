"""The file that says in words what the kinds of images of a manifest are: ``train --scopes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from review_app.core.errors import InputError
from review_app.inference.card import Words


def _in_english(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Phrase = Annotated[Words, BeforeValidator(_in_english)]
"""Words by language, or a text in English."""


class SourceWords(BaseModel):
    """What is said of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content: Phrase = {}
    licence: str = ""
    generators: dict[str, Phrase] = {}
    """What each generator is, by its name in the manifest."""


class ScopeWords(BaseModel):
    """Everything that the file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: dict[str, SourceWords] = {}
    """What is said of each source, by its name in the manifest."""
    failures: tuple[Phrase, ...] = ()

    def of(self, source: str) -> SourceWords:
        """What is said of ``source``; nothing where the file does not have it."""
        return self.sources.get(source, SourceWords())


NO_WORDS = ScopeWords()


def read_scope_words(path: Path) -> ScopeWords:
    """Read the file. Raises InputError for what is none, naming the field."""
    try:
        return ScopeWords.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path}: {field}: {first['msg']}; see the command train in docs/cli.md"
        ) from error
