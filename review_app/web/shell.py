"""The shell that every Gradio page has around it: style, head, header."""

from __future__ import annotations

from enum import StrEnum

import gradio as gr
from markupsafe import Markup

from review_app.core.permissions import Area
from review_app.web import pages
from review_app.web.addresses import here
from review_app.web.assets import STYLES, asset_url
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

_HEAD = f"""
<link rel="icon" href="{asset_url("icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="{asset_url(STYLES)}">
<script type="module" src="{asset_url("shell.js")}"></script>
"""
"""The head of both mounts."""

_SCRIPTS = {Area.REVIEW: "review/main.js", Area.ADMIN: "places.js"}
"""The script of each mount: the review loop, which rests where a page has no place for it; and the
addresses of the admin's tabs and records."""


def head(area: Area) -> str:
    """The head of the pages of one mount, which tells scripts where the site's addresses begin."""
    site = Markup('<meta name="site" content="{}">').format(here(""))
    return f'{site}{_HEAD}<script type="module" src="{asset_url(_SCRIPTS[area])}"></script>\n'


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
        pages.fragment(
            "header.html",
            links={page: here(path) for page, path in _ADDRESS.items()},
            active=active,
            notice=notice,
        ),
        elem_id="header",
        apply_default_css=False,
        js_on_load=None,
    )
