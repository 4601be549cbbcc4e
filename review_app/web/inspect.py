"""Inspect: one image, what every head says of it, and how far each can be trusted."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from concurrent.futures import Future, wait
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup
from PIL import Image

from review_app.bootstrap import Application
from review_app.core.errors import InputError, RefusedFile
from review_app.core.permissions import Permission
from review_app.forensics.metadata import Fact, facts, in_short
from review_app.forensics.views import View
from review_app.i18n import Text, current_language, number, t
from review_app.i18n.formatting import plus_minus
from review_app.inference.heads import head_title
from review_app.inspection.inspector import HeadReading, Inspection
from review_app.inspection.workshop import JobResult
from review_app.web.addresses import here
from review_app.web.cards import card_link
from review_app.web.charts import entropy_bar, interval
from review_app.web.faces import faces_found
from review_app.web.handlers import Call, Wiring, html, open_page, section, title
from review_app.web.markup import Tone, join, notice, picture
from review_app.web.members import members_table

LOOK_S = 0.5
"""Seconds between two looks at how many come before."""
THUMBNAIL_PIXELS = 160

# Heads are shown and hidden by a style sheet: the readings stay as they are, and so does a choice
# when the next image is read.
_TOGGLE = """(shown) => {
  let sheet = document.getElementById("hidden-heads");
  if (!sheet) {
    sheet = document.createElement("style");
    sheet.id = "hidden-heads";
    document.head.append(sheet);
  }
  const kept = shown.map((name) => `:not([data-head="${CSS.escape(name)}"])`).join("");
  sheet.textContent = `.reading${kept} { display: none; }`;
}"""

_PICK = """element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-sample]");
  if (button) trigger("select", { sample: Number(button.dataset.sample) });
});"""


class InspectPage:
    """The handlers of the page's events. No file stays: an upload is deleted once it is read, and a
    copy after a while, in which its reader can look closer."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load_samples(self, _call: Call) -> Markup:
        """The samples as buttons, with whom to thank for them; nothing where there are none."""
        samples = self._app.inspector.samples()
        if not samples:
            return Markup()
        buttons = join(
            Markup(
                '<li><button type="button" data-sample="{}">{}'
                "<span>{}</span></button><small>{}</small></li>"
            ).format(number, picture(_thumbnail(sample.path)), sample.name, sample.credit)
            for number, sample in enumerate(samples)
        )
        return Markup('<ul class="samples" aria-label="{}">{}</ul>').format(
            t("inspect.samples"), buttons
        )

    def load_detector(self, _call: Call) -> tuple[Markup, Any]:
        """What the detector has learned from, and its heads as choices."""
        words = Markup("<p>{}</p><p>{}</p><p>{}</p>").format(
            self._app.inspector.checkpoint_words(),
            t("inspect.cannot_tell"),
            card_link(self._app.cards.reader(), t("card.read")),
        )
        names = self._app.inspector.heads()
        choices = [(head_title(name), name) for name in names]
        return words, gr.update(choices=choices, value=names)

    def load_open(self, call: Call) -> Any:
        """Nothing, or that Inspect is closed to this person."""
        self._app.gate.require_open(call.person)
        return gr.skip()

    def read_upload(self, call: Call, upload: str | None) -> tuple[Markup, Markup, None]:
        """Read an image that somebody sent."""
        if not upload:
            raise InputError(Text("refusals.choose_first"))
        path = Path(upload)
        try:
            return *self._read(call, path, path.name), None
        finally:
            path.unlink(missing_ok=True)

    def read_sample(self, call: Call) -> tuple[Markup, Markup]:
        """Read one of the samples."""
        samples = self._app.inspector.samples()
        number = getattr(call.event, "sample", None)
        if not isinstance(number, int) or not 0 <= number < len(samples):
            raise InputError(Text("refusals.no_such_sample"))
        sample = samples[number]
        return self._read(call, sample.path, sample.name)

    def _read(self, call: Call, path: Path, name: str) -> tuple[Markup, Markup]:
        """The sentence and the readings; of a file that is refused, why, and none."""
        try:
            done = self._wait(call, self._app.inspector.read(call.person, path, name))
        except RefusedFile as refusal:
            why = refusal.detail_in(current_language())
            words = t("inspect.cannot_read", name=name, why=why)
            return notice(words, Tone.PROBLEM), Markup()
        inspection = self._app.inspector.tell(call.person, done)
        token = self._app.upload_cache.hold(call.person.id, path)
        metadata, size = done.said["metadata"], (done.said["width"], done.said["height"])
        first = in_short(metadata)
        others = [row for row in facts(metadata, revealing=True) if row not in first]
        closer = look_closer(here(f"/inspected/{token}"), others)
        faces = done.said["faces"]
        first += [] if faces is None else [Fact(t("images.faces"), faces_found(faces))]
        says = says_of_itself(first)
        return verdict(inspection), readings(name, done.blobs[0], size, inspection, says) + closer

    def _wait(self, call: Call, reading: Future[JobResult]) -> JobResult:
        """What comes of a reading; meanwhile the page shows how many images come before it."""
        while not reading.done():
            if n := self._app.inspector.ahead(call.person):
                call.progress(0.0, desc=t("inspect.waits", n=n))
            wait([reading], timeout=LOOK_S)
        return reading.result()


def build_inspect(app: Application) -> None:
    """Add the page to the open Blocks."""
    page = InspectPage(app)
    with gr.Column(elem_classes="page"):
        title(_heading())
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=300):
                upload = gr.File(
                    label=t("inspect.your_image"), height=140, elem_id="inspect-upload"
                )
                html(Markup("<h2>{}</h2>").format(t("inspect.or_sample")))
                samples = gr.HTML(apply_default_css=False, js_on_load=_PICK, min_height=120)
            with gr.Column(scale=2, min_width=320):
                sentence = html(Markup('<p class="empty">{}</p>').format(t("inspect.nothing_yet")))
                heads = gr.CheckboxGroup([], label=t("inspect.heads_shown"))
                reading = html()
                with section(t("inspect.learned_from")):
                    detector = html(elem_classes="remark")
    _wire(
        Wiring(app, Permission.INSPECT), page, upload, samples, [sentence, reading], heads, detector
    )


def _heading() -> Markup:
    return Markup('<h1>{}</h1><p class="remark">{}</p>').format(
        t("inspect.title"), t("inspect.remark")
    )


def _wire(
    wiring: Wiring,
    page: InspectPage,
    upload: gr.File,
    samples: gr.HTML,
    reading: list[gr.HTML],
    heads: gr.CheckboxGroup,
    detector: gr.HTML,
) -> None:
    blocks = open_page()
    wiring.slow(blocks.load, page.load_samples, [samples])
    wiring.slow(blocks.load, page.load_detector, [detector, heads])
    wiring.slow(upload.upload, page.read_upload, [*reading, upload], [upload])
    wiring.slow(samples.select, page.read_sample, reading, takes_event=True)
    wiring.quick(blocks.load, page.load_open, [reading[0]])
    heads.change(None, [heads], None, js=_TOGGLE, api_visibility="private")


def verdict(inspection: Inspection) -> Markup:
    """The sentence of the head that triage decides on."""
    return Markup('<p class="verdict" role="status">{}</p>').format(inspection.text)


def readings(
    name: str,
    shown: bytes,
    size: tuple[int, int],
    inspection: Inspection,
    says: str = "",
) -> Markup:
    """The image as it was read, ``shown`` as a small JPEG, with what its file ``says``, beside what
    every head says of it."""
    return Markup(
        '<div class="inspection"><figure class="inspected">{}'
        "<figcaption>{}</figcaption></figure>{}"
        '<div class="said">{}<p class="remark">{}</p>'
        '<ul class="readings" aria-label="{}">{}</ul>{}</div>'
        '<p class="remark key">{}</p></div>'
    ).format(
        picture(data_url(shown), t("inspect.image_read", name=name)),
        t("inspect.size", name=name, width=str(size[0]), height=str(size[1])),
        says,
        _novelty(inspection),
        card_link(inspection.checkpoint, t("card.read")),
        t("inspect.what_heads_say"),
        join(map(_reading, inspection.heads)),
        members_table(inspection.members),
        t("inspect.legend", most=number(math.log(2), 3)),
    )


def says_of_itself(rows: Sequence[Fact]) -> Markup:
    """What the file says of itself that people should know first."""
    return Markup(
        '<section class="says" aria-label="{0}"><h2>{0}</h2><dl class="facts">{1}</dl></section>'
    ).format(t("inspect.says"), _listed(rows))


def look_closer(address: str, rows: Sequence[Fact]) -> Markup:
    """The forensic views and the file's own words, each folded up; a view loads when opened."""
    return Markup(
        '<section class="looks" aria-label="{0}"><h2>{0}</h2>{1}<details><summary>'
        "{2}</summary><p>{3}</p><dl>{4}</dl></details></section>"
    ).format(
        t("inspect.look_closer"),
        join(_look(f"{address}/view/{view}", view) for view in View),
        t("inspect.file_says"),
        t("inspect.file_claims") if rows else t("inspect.file_nothing"),
        _listed(rows),
    )


def _listed(rows: Sequence[Fact]) -> Markup:
    return join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(r.name, r.value) for r in rows)


def _look(address: str, view: View) -> Markup:
    name = f"views.{view.name.lower()}"
    return Markup(
        "<details><summary>{}</summary><figure>{}"
        '<figcaption><p>{}</p><p class="remark">{}</p></figcaption></figure>'
        "</details>"
    ).format(
        t(name),
        picture(address, t("inspect.view_alt", view=t(name)), lazy=True),
        t(f"{name}_shows"),
        t(f"{name}_caution"),
    )


def _novelty(inspection: Inspection) -> Markup:
    """What was measured on images like it, or that nothing was; nothing where neither is known."""
    words = inspection.scope_text or ("" if inspection.novelty is None else t("inspect.like"))
    novelty = inspection.novelty
    z = "" if novelty is None else t("inspect.novelty", z=number(novelty, 1))
    if not words:
        return Markup()
    return Markup('<p class="novelty{}"><span>{}</span> <small>{}</small></p>').format(
        " unlike" if inspection.unlike else "", words, z
    )


def _reading(head: HeadReading) -> Markup:
    decides = Markup(' <span class="tag">{}</span>').format(t("inspect.decides"))
    return Markup(
        '<li class="reading" data-head="{name}"><h3>{title}{decides}</h3>'
        '<div class="scale" aria-hidden="true"><span>{real} 0</span><span>{middle}</span>'
        "<span>1 {fake}</span></div>{interval}"
        '<dl><div><dt>P(fake)</dt><dd class="big">{p}</dd></div>'
        "<div><dt>{entropy_name}</dt><dd>{entropy}</dd></div>"
        "<div><dt>{mutual_name}</dt><dd>{mutual}</dd></div>"
        "</dl>{bar}<p>{words}</p></li>"
    ).format(
        name=head.name,
        title=head.title,
        decides=decides if head.is_default else "",
        real=t("inspect.real"),
        middle=number(0.5, 1),
        fake=t("inspect.fake"),
        interval=interval(t("inspect.p_of_head", head=head.title), head.p_fake, head.std),
        p=plus_minus(head.p_fake, head.std),
        entropy_name=t("inspect.entropy"),
        entropy=number(head.entropy, 3),
        mutual_name=t("inspect.mutual"),
        mutual=number(max(head.mutual_information, 0.0), 3),
        bar=entropy_bar(head.title, head.entropy, head.mutual_information),
        words=head.text,
    )


@lru_cache(maxsize=64)
def _thumbnail(path: Path) -> str:
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=88)
    return data_url(buffer.getvalue())


def data_url(jpeg: bytes) -> str:
    """A small JPEG in the page itself: there is no file to serve, and no metadata in it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
