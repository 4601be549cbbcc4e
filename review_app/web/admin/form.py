"""A form of options: it saves what its person has changed, and leaves alone what others have.

The page holds the options that the form was loaded with, and sends them along. They are as little
to be trusted as any input, but whoever makes them up overwrites what they may change anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel, ValidationError

from review_app.core.errors import ChangedSinceError, InputError
from review_app.core.options import AnyOptions, OptionsService, document, leaves
from review_app.core.permissions import Person
from review_app.i18n import Text, listed, t
from review_app.web.handlers import held_as, refusal
from review_app.web.markup import Tone, notice

Values = tuple[Any, ...]
"""What the form's components hold."""


def version_seen(seen: int | None) -> int:
    """The version of the policy that the page tells of. Raises InputError where its first answer
    has not come yet: that nobody has changed anything since would be said of a change."""
    if seen is None:
        raise InputError(Text("refusals.not_filled_in"))
    return seen


@dataclass(frozen=True)
class Field:
    """A component of the form, and the option that it is about."""

    path: str
    """The path of the value, as in ``costs.missed_fake``."""
    label: str
    """The text above the component, by its key."""
    take: Callable[[Any], Any]
    """The option that the component's value means. Raises InputError where it can mean none."""
    show: Callable[[Any], Any] = lambda option: option
    """The component's value for an option."""


def allowed(kind: type[BaseModel], name: str, wrong: Text) -> Callable[[Any], Any]:
    """Take for the option ``name`` what its model allows; say ``wrong`` of anything else.

    Every other option of ``kind`` must have a default.
    """

    def take(value: Any) -> Any:
        try:
            return getattr(kind.model_validate({name: value}), name)
        except ValidationError:
            raise InputError(wrong) from None

    return take


@dataclass(frozen=True)
class OptionsForm(Generic[AnyOptions]):
    """A part of the options of one kind as a form."""

    options: OptionsService[AnyOptions]
    fields: Sequence[Field]

    def load(self) -> Values:
        """What is in force, for the components; and for the page to hold."""
        options = self.options.current()
        return *self._shown(options), options.model_dump(mode="json")

    def save(
        self, person: Person, held: Any, values: Values, saved: Callable[[AnyOptions], str]
    ) -> tuple[Markup, *Values]:
        """Put in force what differs from what the page was given to hold; in words, and the form
        anew. ``saved`` says what is so now.

        Raises InputError where a value makes no sense.
        """
        seen = held_as(self.options.kind, held)
        given = self._changes(seen, values)
        wanted = self.options.kind.model_validate(document(leaves(seen) | given))
        try:
            now = self.options.change(person, wanted, seen)
        except ChangedSinceError as error:
            return self._refused(error, given, values)
        words = saved(now) if given else t("changed.nothing")
        tone = Tone.DONE if given else Tone.NOTE
        return notice(words, tone), *self._shown(now), now.model_dump(mode="json")

    def _refused(
        self, error: ChangedSinceError, given: dict[str, Any], values: Values
    ) -> tuple[Markup, *Values]:
        """Why nothing was saved; in the form what both have changed is as it is in force, and what
        the person alone has changed is as they left it."""
        now = self.options.current()
        both = [t(field.label) for field in self.fields if field.path in error.fields]
        words = ChangedSinceError(error.by, error.at, key="changed.fields", names=listed(both))
        own = given.keys() - set(error.fields)
        shown = [
            value if field.path in own else option
            for field, value, option in zip(self.fields, values, self._shown(now), strict=True)
        ]
        return refusal(words), *shown, now.model_dump(mode="json")

    def _shown(self, options: AnyOptions) -> list[Any]:
        found = leaves(options)
        return [field.show(found[field.path]) for field in self.fields]

    def _changes(self, seen: AnyOptions, values: Values) -> dict[str, Any]:
        """The options that the person has changed, by path."""
        before = leaves(seen)
        given = {}
        for field, value in zip(self.fields, values, strict=True):
            if value == field.show(before[field.path]):
                continue  # not taken apart and put together again: that may not give the same
            option = field.take(value)
            if option != before[field.path]:
                given[field.path] = option
        return given


def held() -> gr.JSON:
    """The element in which the page holds what a form was loaded with."""
    return gr.JSON(visible=False)
