"""What a comparison told, drawn: the advice, differences with their intervals, what would flip."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from markupsafe import Markup

from review_app.i18n import number, t
from review_app.learning.challenge import ChallengeReport
from review_app.learning.comparison import AurocDifference
from review_app.learning.recommendation import is_worse
from review_app.learning.replay import Flip
from review_app.learning.words import (
    advice_words,
    difference_words,
    ends_words,
    labels_words,
    part_name,
    replay_words,
)
from review_app.web.addresses import here
from review_app.web.markup import Content, join, notice, picture, table


def report_html(report: ChallengeReport, pictured: Collection[int]) -> Markup:
    """The whole report; ``pictured``: the items among its flips whose pictures are here."""
    parts = join(
        [
            notice(advice_words(report)),
            _paragraph(labels_words(report)),
            _differences(report),
            _metrics(report),
            Markup("<h3>{}</h3>").format(t("challenge.replay")),
            *map(_paragraph, replay_words(report.replay)),
            _flips(report.replay.flips, pictured),
        ]
    )
    return Markup('<div class="comparison">{}</div>').format(parts)


def _paragraph(words: str) -> Markup:
    return Markup("<p>{}</p>").format(words)


def _differences(report: ChallengeReport) -> Markup:
    rows = (report.overall, *report.parts)
    together = _paragraph(t("challenge.together")) if report.parts else Markup()
    headers = (
        t("challenge.labelled"),
        t("challenge.difference_plot"),
        t("challenge.difference"),
    )
    return table(t("challenge.difference_plot"), headers, _rows(rows)) + together


def _rows(found: Sequence[AurocDifference]) -> Iterator[Sequence[Content]]:
    reach = max(
        [abs(end) for each in found for end in (each.low, each.high) if end is not None],
        default=1.0,
    )
    for each in found:
        name = part_name(each.by, each.name)
        words = difference_words(each)
        if each.by and is_worse(each):
            words = f"{words}; {t('challenge.worse_here')}"
        labelled = Markup("{}<br>{}").format(name, t("challenge.n_labels", n=each.labels))
        yield labelled, _interval(name, each, reach or 1.0), words


def _interval(name: str, found: AurocDifference, reach: float) -> Markup:
    """A band and a dot on a line from -``reach`` to ``reach``, with 0 in the middle."""
    if found.difference is None or found.low is None or found.high is None:
        return Markup('<div class="interval" role="img" aria-label="{}"></div>').format(
            t("challenge.no_interval", name=name)
        )
    low, dot, high = (50 + 50 * v / reach for v in (found.low, found.difference, found.high))
    ends = (number(v, 3) for v in (found.difference, found.low, found.high))
    told = dict(zip(("difference", "low", "high"), ends, strict=True))
    return Markup(
        '<div class="interval" role="img" aria-label="{}"><span class="interval-middle"></span>'
        '<span class="interval-band" style="left:{:.2f}%;width:{:.2f}%"></span>'
        '<span class="interval-dot" style="left:{:.2f}%"></span></div>'
    ).format(t("challenge.interval", name=name, **told), low, high - low, dot)


def _metrics(report: ChallengeReport) -> Markup:
    if not report.metrics:
        return Markup()
    rows = [
        (t(f"challenge.metric_{each.name}"), ends_words(each.difference, each.low, each.high))
        for each in report.metrics
    ]
    headers = (t("challenge.figure"), t("challenge.difference_of"))
    return table(t("challenge.further"), headers, rows)


def _flips(flips: Sequence[Flip], pictured: Collection[int]) -> Markup:
    if not flips:
        return Markup()
    items = join(_flip(flip, flip.item_id in pictured) for flip in flips)
    return Markup('<h4>{}</h4><ul class="flips">{}</ul>').format(t("challenge.flip_list"), items)


def _flip(flip: Flip, is_pictured: bool) -> Markup:
    words = t(
        "challenge.flip",
        item=str(flip.item_id),
        side=t(f"policy.{flip.accepted_as}"),
        champion=number(flip.champion, 2),
        challenger=number(flip.challenger, 2),
    )
    small = Markup()
    if is_pictured:
        address = here(f"/api/v1/admin/images/{flip.item_id}/small")
        small = picture(address, t("challenge.picture", item=str(flip.item_id)), lazy=True)
    return Markup("<li>{}<span>{}</span></li>").format(small, words)
