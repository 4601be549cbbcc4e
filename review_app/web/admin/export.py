"""Export: the labels with their provenance, and what each column means."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.permissions import Permission
from review_app.review.finality import not_final_now
from review_app.web.handlers import Call, Wiring, html
from review_app.web.markup import notice, table

MEANINGS = {
    "image_id": "number of the image in this database",
    "sha256": "hash of the original file; the same image has the same one everywhere",
    "path": "name under which the file came in",
    "source": "data set or channel, where a manifest named one",
    "label": "real, fake, unsure or undecidable; empty while nobody has said",
    "label_source": "reviewer, or known: came with the image in a manifest",
    "n_labels": "people's labels in force",
    "agreement": "share of the labels that say what the verdict says",
    "reviewer": "pseudonyms, separated by semicolons",
    "labelled_at": "when the newest label was given, UTC",
    "p_fake": "the detector's probability that the image is fake, at the last decision",
    "std": "posterior standard deviation of p_fake",
    "entropy": "predictive entropy, nats",
    "mutual_information": "part of the entropy that the detector's own doubt makes, nats",
    "checkpoint": "detector that gave these numbers",
    "policy_version": "policy that decided",
    "decision": "accept_real, accept_fake or review",
    "inclusion_probability": "chance that the image came to people: weigh its label by one over it",
    "audit": "whether a blind audit drew it, although the policy would have accepted it",
    "state": "where the image is now",
    "comment": "what reviewers wrote, separated by bars",
    "score": "what thresholds are compared with: 0 surely real, 1 surely fake",
    "novelty": "how unlike the training images it is, z; empty where that is not measured",
    "mark": "retrain, or second_reviewer: what an image that goes to people is also good for",
    "tags": "kinds of manipulation that reviewers saw, separated by semicolons",
    "escalation": "why reviewers asked for an admin, separated by bars",
    "regions": "marks on the image as JSON: shape, and points as shares of width and height",
    "not_final": "answers that can still be taken back; nothing else of the row tells of them",
}
"""What each column of ``learning.export.COLUMNS`` means."""

_PAGE = Markup("""
<h2>Take the labels out</h2>
<p class="remark">One row for each image. Reviewers appear under pseudonyms. Each export is written
to the audit log. What the policy accepted by itself is no label: training on it would teach the
detector its own mistakes.</p>
<p class="downloads">
<a class="download" href="/exports/labels.csv" download>Download CSV</a>
<a class="download" href="/exports/labels.jsonl" download>Download JSON lines</a>
</p>
{columns}
""")


class ExportTab:
    """What the tab tells when it is opened."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def held_back(self, _call: Call) -> Markup:
        """Which answers an export leaves out now."""
        words = not_final_now(self._app.database)
        return notice(f"{words} Exports leave them out until then.") if words else Markup()


def build_export(app: Application, tab: gr.Tab) -> None:
    """Add the tab's components to the open context. The routes behind the links check the role."""
    left_out = html()
    columns = table("What the columns mean", ("Column", "Meaning"), MEANINGS.items())
    html(_PAGE.format(columns=columns))
    Wiring(app, Permission.EXPORT).quick(tab.select, ExportTab(app).held_back, [left_out])
