"""The shell that every Gradio page has around it: style, head, header."""

from __future__ import annotations

from enum import StrEnum

import gradio as gr

from review_app.web import pages
from review_app.web.assets import asset_url
from review_app.web.gateway.pages import Pages

PRODUCT = "deepfake-review"


class SitePage(StrEnum):
    """A page that the header links to."""

    REVIEW = "review"
    """Label what waits."""
    INSPECT = "inspect"
    """Have one image scored."""
    ADMIN = "admin"
    """Oversee queue, policy and people."""


_ADDRESS = {
    SitePage.REVIEW: "/review/",
    SitePage.INSPECT: "/review/inspect",
    SitePage.ADMIN: "/admin/",
}

HEAD = f"""
<link rel="icon" href="{asset_url("icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="{asset_url("app.css")}">
<link rel="stylesheet" href="{asset_url("review.css")}">
<link rel="stylesheet" href="{asset_url("review_header.css")}">
<link rel="stylesheet" href="{asset_url("dialogs.css")}">
<link rel="stylesheet" href="{asset_url("zoom_panel.css")}">
<link rel="stylesheet" href="{asset_url("care.css")}">
<link rel="stylesheet" href="{asset_url("statements.css")}">
<link rel="stylesheet" href="{asset_url("annotation_panel.css")}">
<link rel="stylesheet" href="{asset_url("recent.css")}">
<link rel="stylesheet" href="{asset_url("grid.css")}">
<link rel="stylesheet" href="{asset_url("panels.css")}">
<link rel="stylesheet" href="{asset_url("figures.css")}">
<link rel="stylesheet" href="{asset_url("desk.css")}">
<link rel="stylesheet" href="{asset_url("distributions.css")}">
<link rel="stylesheet" href="{asset_url("inspect.css")}">
<link rel="stylesheet" href="{asset_url("images.css")}">
<script type="module" src="{asset_url("shell.js")}"></script>
<script type="module" src="{asset_url("review/main.js")}"></script>
"""
"""The head of both mounts; a script finds its own place on the page, or rests where there is
none."""

PLACES = f'<script type="module" src="{asset_url("places.js")}"></script>\n'
"""The script of the admin's page, whose tabs and records have addresses."""


def open_blocks(title: str) -> Pages:
    """Blocks with the settings that hold for every page."""
    return Pages(
        title=f"{title} · {PRODUCT}",
        analytics_enabled=False,
        fill_width=True,
        fill_height=True,
    )


def header(active: SitePage, notice: str | None) -> None:
    """The bar at the top. Who is signed in, and in which language the page is, is filled in by
    ``shell.js``, as a page serves all.

    ``notice`` says on every page what this deployment is, where that must not be mistaken.
    """
    gr.HTML(
        pages.fragment("header.html", links=_ADDRESS, active=active, notice=notice),
        elem_id="header",
        apply_default_css=False,
        js_on_load=None,
    )
