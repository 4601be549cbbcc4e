"""The admin's page: one file for each tab."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import t
from review_app.web.admin.data import build_data
from review_app.web.admin.export import build_export
from review_app.web.admin.images import build_images
from review_app.web.admin.learning import build_learning
from review_app.web.admin.monitoring import build_monitoring
from review_app.web.admin.overview import build_overview
from review_app.web.admin.people import build_people
from review_app.web.admin.policy import build_policy
from review_app.web.admin.rules import build_rules
from review_app.web.admin.tabs import NEEDED, has_tab
from review_app.web.handlers import Call, Wiring, html, open_page, title
from review_app.web.markup import join

__all__ = ["build_admin"]

_HIDDEN = Markup('[role="tab"][data-tab-id="{}"]{{display:none!important}}')


def build_admin(app: Application) -> None:
    """Add the admin's page to the open Blocks."""
    blocks = open_page()
    with gr.Column(elem_classes="page"):
        title(Markup('<h1 class="visually-hidden">{}</h1>').format(t("header.admin")))
        # All of them in sight, also on a phone; each has an address (`static/places.js`).
        with gr.Tabs(overflow_behavior="wrap"):
            with _tab("overview"):
                build_overview(app, blocks)
            daily, certify = _tab("policy"), _tab("certify")
            redraw_policy = build_policy(app, blocks, daily, certify)
            with _tab("data"):
                build_data(app, blocks)
            with _tab("images") as tab:
                build_images(app, tab)
            with _tab("people") as tab:
                build_people(app, blocks, tab)
            with _tab("export") as export:
                build_export(app, export)
            with _tab("learning") as learning:
                build_learning(app, blocks, learning, redraw_policy)
            with _tab("monitoring") as tab:
                build_monitoring(app, tab)
            with _tab("rules") as rules:
                build_rules(app, blocks, rules)
        shut = html(elem_id="shut-tabs", elem_classes="visually-hidden")
    Wiring(app, Permission.SEE_QUEUE).quick(blocks.load, shut_tabs, [shut])


def shut_tabs(call: Call) -> Markup:
    """The tabs that the person has no use for: out of sight, and named for the page's script."""
    names = [name for name in NEEDED if not has_tab(call.person, name)]
    rules = join(_HIDDEN.format(name) for name in names)
    return Markup('<style>{}</style><span data-shut="{}"></span>').format(rules, " ".join(names))


def _tab(name: str) -> gr.Tab:
    return gr.Tab(t(f"overview.tab_{name}"), id=name)
