"""The record of one image as a part of a page."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import DamagedImageError, NotFoundError
from review_app.forensics.metadata import claim_in_words
from review_app.forensics.notes import first_of
from review_app.i18n import current_language, number, t
from review_app.i18n.formatting import plus_minus
from review_app.inference.heads import head_title
from review_app.policy.tags import tag_name
from review_app.records.record import Answer, DetectorView, ImageRecord
from review_app.records.timeline import TimelineEvent
from review_app.web.addresses import here
from review_app.web.cards import card_link
from review_app.web.faces import faces_found
from review_app.web.markup import (
    Content,
    Tone,
    clamped,
    join,
    long,
    moment,
    notice,
    picture,
    sentence,
    table,
)
from review_app.web.members import members_table

Fact = tuple[str, Content]
"""What it is called, and what it is."""


def record_html(record: ImageRecord, trouble: str = "") -> Markup:
    """The image larger, what is known of it, and what happened to it. ``trouble``: why the image
    cannot be shown."""
    return Markup(
        '<section class="card record" aria-labelledby="record-title">'
        '<h2 id="record-title" tabindex="-1">{}</h2>{}'
        '<div class="record-top">{}<div class="record-side">{}{}</div></div>{}{}</section>'
    ).format(
        t("images.record", item=str(record.item_id)),
        notice(t("images.blind")) if record.blind else Markup(),
        notice(sentence(trouble), Tone.PROBLEM) if trouble else _picture(record),
        _part(t("images.facts"), _facts(_file_facts(record))),
        Markup() if record.blind else _part(t("images.detector"), _detector(record.said)),
        _part(t("images.answers"), _answers(record.answers)),
        _part(t("images.timeline"), _timeline(record.happenings)),
    )


def _picture(record: ImageRecord) -> Markup:
    if record.file.size is None:
        return Markup('<p class="empty">{}</p>').format(t("images.no_picture"))
    address = here(f"/api/v1/admin/images/{record.item_id}")
    return Markup(
        '<figure class="inspected"><a href="{}" target="_blank" rel="noopener">{}</a></figure>'
    ).format(address, picture(address, t("images.picture", item=str(record.item_id))))


def picture_trouble(app: Application, item_id: int) -> str:
    """Why the stored image of the item cannot be shown; empty where it can be, or none is here."""
    try:
        picture = app.records.item(item_id).image.picture
        if picture is not None:
            app.media.verified_public(picture)
    except (NotFoundError, DamagedImageError) as error:
        return error.render(current_language())
    return ""


def veiled(app: Application, content: Markup) -> Markup:
    """``content``, whose images are veiled at first where the admin chose so for review."""
    veil = app.review_options.current().veil
    return Markup('<div data-veil="{}">{}</div>').format(veil.value, content)


def _part(title: str, content: Markup) -> Markup:
    return Markup('<div class="record-part"><h3>{}</h3>{}</div>').format(title, content)


def _facts(facts: Iterable[Fact]) -> Markup:
    rows = join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value)
        for name, value in facts
        if value
    )
    return Markup('<dl class="facts">{}</dl>').format(rows)


def _file_facts(record: ImageRecord) -> list[Fact]:
    file = record.file
    state = Markup("{}, {}").format(t(f"records.state_{record.state}"), moment(record.since))
    facts: list[Fact] = [
        (t("images.name"), clamped(file.name)),
        (t("images.source"), clamped(file.source or "")),
        (t("images.split"), clamped(file.split or "")),
        ("SHA-256", file.sha256 or ""),
        (t("images.size"), _size(record)),
        (t("inspect.fact_notes"), _frames(record)),
        (t("images.faces"), _faces(record)),
        (t("images.state"), state),
        (t("images.tags"), ", ".join(record.tags)),
        (t("images.assigned"), record.assigned or ""),
        (t("images.archived"), t("images.is_archived") if record.archived else ""),
        (t("images.deleted"), _deleted(record)),
    ]
    if record.blind:
        return facts
    claim = file.generator_claim
    return [
        *facts,
        (t("images.verdict"), _verdict(record)),
        (t("images.corrected"), _corrections(record)),
        (t("images.known"), t(f"review.answer_{record.known}") if record.known else ""),
        (t("images.evidence"), _evidence(record)),
        (t("inspect.fact_claim"), claim_in_words(claim) if claim else ""),
        (t("images.uncounted"), _uncounted(record)),
    ]


def _deleted(record: ImageRecord) -> Markup | str:
    gone = record.deleted
    if gone is None:
        return ""
    by = t("images.deleted_by", name=gone.by)
    words = Markup("{} {} {}").format(moment(gone.at), by, clamped(gone.reason))
    if gone.due is None:
        return words
    return words + Markup(" {} {}").format(t("images.file_goes"), moment(gone.due))


def _size(record: ImageRecord) -> str:
    if record.file.size is None:
        return ""
    width, height = record.file.size
    form = record.file.format or ""
    return t("images.pixels", width=str(width), height=str(height), format=form)


def _frames(record: ImageRecord) -> str:
    shown = first_of(record.file.n_frames, paged=record.file.paged)
    return shown.render(current_language()) if shown else ""


def _faces(record: ImageRecord) -> str:
    return "" if record.faces is None else faces_found(record.faces)


def _verdict(record: ImageRecord) -> str:
    """The verdict as it stands."""
    if record.corrections:
        value = t(f"review.answer_{record.corrections[-1].value}")
        return t("images.is_corrected", value=value)
    if record.verdict is None:
        return t("images.no_verdict")
    value = t(f"review.answer_{record.verdict}")
    if record.final_at is None:
        return value
    return t("images.not_final", value=value, time=f"{record.final_at:%H:%M}")


def _corrections(record: ImageRecord) -> Markup:
    """The corrections, the newest first: it counts."""
    return join(
        Markup("<p>{} {} {}</p>").format(
            moment(one.at),
            t(
                "images.corrected_by",
                value=t(f"review.answer_{one.value}"),
                was=t(f"review.answer_{one.was}"),
                name=one.by,
            ),
            clamped(one.reason),
        )
        for one in reversed(record.corrections)
    )


def _evidence(record: ImageRecord) -> str:
    told = [t(f"images.evidence_{evidence}") for evidence in record.evidence]
    none = "images.evidence_none" if record.final_at is None else "images.evidence_open"
    return " ".join(told) or t(none)


def _uncounted(record: ImageRecord) -> str:
    """Why no certificate is computed on its label."""
    near = "" if record.near is None else str(record.near)
    return " ".join(t(f"images.uncounted_{why}", item=near) for why in record.uncounted)


def _detector(said: DetectorView | None) -> Markup:
    if said is None:
        return Markup('<p class="remark">{}</p>').format(t("images.never_scored"))
    facts: list[Fact] = [
        ("P(fake)", plus_minus(said.p_fake, said.std)),
        (t("images.score"), number(said.score, 3)),
        (t("images.novelty"), "" if said.novelty is None else number(said.novelty, 1)),
        (t("images.head"), head_title(said.head)),
        (t("images.checkpoint"), card_link(said.checkpoint)),
        (t("images.policy"), str(said.policy_version)),
        (t("images.decided_at"), moment(said.at)),
    ]
    scope = Markup("<p>{}</p>").format(said.scope_text) if said.scope_text else Markup()
    parts = (said.text, scope, _facts(facts), members_table(said.members))
    return Markup("<p>{}</p>{}{}{}").format(*parts)


def _answers(answers: tuple[Answer, ...]) -> Markup:
    if not answers:
        return Markup('<p class="remark">{}</p>').format(t("images.no_answers"))
    headers = [t(f"images.{name}") for name in ("who", "answer", "when", "remarks")]
    rows = [(a.by, t(f"review.answer_{a.value}"), moment(a.at), long(_remarks(a))) for a in answers]
    return table(t("images.answers"), headers, rows)


def _remarks(answer: Answer) -> Markup:
    """What sets it apart, and what its author said beside it, a line each."""
    lines = [t(f"images.mark_{mark}") for mark in answer.marks]
    if answer.escalation:
        lines.append(t("images.asks", why=answer.escalation))
    lines += [text for text in (answer.comment, "; ".join(map(tag_name, answer.tags))) if text]
    if answer.regions:
        lines.append(t("images.marks", n=answer.regions))
    if answer.together:
        lines.append(t("images.together", n=answer.together))
    return join(Markup("<p>{}</p>").format(clamped(line)) for line in lines)


def _timeline(happenings: tuple[TimelineEvent, ...]) -> Markup:
    lines = join(
        Markup("<li>{} <b>{}</b> <span>{}</span>{}</li>").format(
            moment(one.at), one.by, clamped(one.text), _note(one)
        )
        for one in happenings
    )
    return Markup('<ol class="timeline">{}</ol>').format(lines)


def _note(one: TimelineEvent) -> Markup:
    return Markup(" <small>{}</small>").format(clamped(one.note)) if one.note else Markup()
