"""A page of the list of images, in the Images tab."""

from __future__ import annotations

from pathlib import PurePosixPath

from markupsafe import Markup

from review_app.i18n import t
from review_app.i18n.formatting import plus_minus
from review_app.records.search import MAX_COUNTED, Fitting, Found, Line
from review_app.web.addresses import here
from review_app.web.markup import Tone, clamped, moment, notice, picture, table

_PICKED = Markup(
    '<p class="picked" role="status">{words} <output data-picked>0</output> '
    '<button type="button" data-pick="page">{page}</button> '
    '<button type="button" data-pick="none">{none}</button></p>'
)
_PICK = Markup('<input type="checkbox" data-pick="{item}" aria-label="{words}">')


def listing(found: Found, fit: Fitting | None = None) -> Markup:
    """A page of the list: each image a button that opens its record; above it, how many fit."""
    held = notice(t("images.held", n=found.held)) if found.held else Markup()
    if not found.lines:
        far = t("images.nothing_here", n=found.looked)
        words = t("images.nothing") if found.older is None else far
        return held + notice(words, Tone.NOTE)
    names = ("pick", "image", "source", "state", "verdict")
    headers = [*(t(f"images.{name}") for name in names), "P(fake)", t("images.since")]
    number = Markup('<p class="remark" role="status">{}</p>').format(counted(fit)) if fit else ""
    return (
        held
        + number
        + _PICKED.format(
            words=t("images.picked"), none=t("images.pick_none"), page=t("images.pick_page")
        )
        + table(t("images.list"), headers, map(_row, found.lines))
    )


def counted(fit: Fitting) -> str:
    """How many images fit, as far as it is known."""
    if fit.is_all:
        return t("images.fit", n=fit.n)
    return t("images.fit_more" if fit.n >= MAX_COUNTED else "images.fit_at_least", n=fit.n)


def _row(line: Line) -> tuple[str | Markup, ...]:
    p_fake, std = line.p_fake, line.std
    score = "" if p_fake is None or std is None else plus_minus(p_fake, std)
    return (
        _PICK.format(item=line.item_id, words=t("images.pick_one", item=str(line.item_id))),
        _button(line),
        clamped(line.source or ""),
        t(f"records.state_{line.state}"),
        _verdict(line),
        score,
        moment(line.since),
    )


def _verdict(line: Line) -> str:
    value = t(f"review.answer_{line.verdict}") if line.verdict else ""
    return t("images.is_corrected", value=value) if line.corrected else value


def _button(line: Line) -> Markup:
    """The label of a button: of a path its last part, as the record tells the whole."""
    small = picture(here(f"/api/v1/admin/images/{line.item_id}/small"), lazy=True)
    return Markup(
        '<button type="button" class="found" data-item="{}">{}<b>{}</b> <span>{}</span></button>'
    ).format(
        line.item_id,
        small if line.has_picture else Markup('<i aria-hidden="true"></i>'),
        line.item_id,
        PurePosixPath(line.name).name,
    )
