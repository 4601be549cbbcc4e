"""People: who may sign in, as what; a new account; and how people answer."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.people import Account, confusable_pairs
from review_app.web.admin.copying import COPYING
from review_app.web.admin.people_changes import (
    ROLES,
    build_changes,
    link_html,
    role_choices,
)
from review_app.web.admin.people_desks import build_desks
from review_app.web.admin.people_figures import build_figures
from review_app.web.admin.people_skill import build_skill
from review_app.web.admin.people_taking import build_taking
from review_app.web.admin.people_tokens import build_tokens
from review_app.web.handlers import Call, Wiring, html, section, show_by_permission
from review_app.web.markup import Tone, join, moment, notice, table
from storage.enums import Role


class PeopleTab:
    """The handlers of the tab's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """The accounts, as a table and as choices."""
        accounts = self._app.people.all()
        names = [account.name for account in accounts]
        return _alike(names) + _accounts(accounts), gr.update(choices=names)

    def members(self, _call: Call) -> tuple[Markup]:
        """The members of a desk, and those who were."""
        return (_members(self._app.people.all()),)

    def add(self, call: Call, name: str | None, role: str) -> tuple[Markup, Any, Markup, Any, str]:
        """Make an account, and a link that signs the person in once."""
        if role not in set(Role):
            raise InputError(Text("people.choose_role"))
        account = self._app.people.add(name or "", Role(role), call.person.name)
        words = t(f"people.added_{account.role}", name=account.name)
        token = self._app.people.make_link(account.name, call.person.name)
        link = link_html(self._app, call, account.name, token)
        return notice(words, Tone.DONE), link, *self.load(call), ""


def build_people(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context. A desk's has nothing that changes accounts:
    they are the deployment's."""
    with gr.Column() as accounts:
        if app.settings.desk:
            _build_members(app, blocks, tab)
        else:
            _build_accounts(app, blocks, tab)
        build_tokens(app, blocks, tab)
    build_figures(app, tab)
    build_skill(app, tab)
    build_taking(app, tab)
    with gr.Column() as desks:
        if app.desks is not None and not app.settings.desk:
            build_desks(app, app.desks, blocks, tab, ROLES)
    show_by_permission(app, [(part, Permission.MANAGE_PEOPLE) for part in (accounts, desks)])


def _build_members(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    wiring, members = Wiring(app, Permission.MANAGE_PEOPLE), html()
    for event in (blocks.load, tab.select):
        wiring.quick(event, PeopleTab(app).members, [members])


def _build_accounts(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    actions = PeopleTab(app)
    wiring = Wiring(app, Permission.MANAGE_PEOPLE)
    accounts = html()
    message = html()
    link = gr.HTML(apply_default_css=False, js_on_load=COPYING)
    with section(t("people.add_title")), gr.Row():
        name = gr.Textbox(label=t("people.name_label"), max_length=80)
        role = gr.Radio(
            role_choices(), value=Role.REVIEWER.value, label=t("people.role"), min_width=240
        )
        add = gr.Button(t("people.add"), variant="primary")
    who = build_changes(app, actions.load, message, link, accounts)
    for event in (blocks.load, tab.select):
        wiring.quick(event, actions.load, [accounts, who])
    wiring.quick(add.click, actions.add, [message, link, accounts, who, name], [name, role])


def _alike(names: list[str]) -> Markup:
    """Which accounts are easily taken for one another; none such can be added any more."""
    return join(
        notice(t("people.alike", one=one, other=other), Tone.PROBLEM)
        for one, other in confusable_pairs(names)
    )


def _access(account: Account) -> str:
    if account.disabled:
        return t("people.disabled")
    return t("people.away") if account.is_away else t("people.enabled")


def _members(accounts: list[Account]) -> Markup:
    rows = [
        (
            account.name,
            t(f"people.{account.role}"),
            t("desks.no_place") if account.disabled else t("desks.has_place"),
            account.pseudonym,
            moment(account.created_at),
        )
        for account in accounts
    ]
    names = ("name", "role", "access", "in_exports", "added_at")
    remark = Markup('<p class="remark">{}</p>').format(t("desks.accounts_remark"))
    return remark + table(t("desks.everybody"), [t(f"people.{name}") for name in names], rows)


def _accounts(accounts: list[Account]) -> Markup:
    rows = [
        (
            account.name,
            t(f"people.{account.role}"),
            _access(account),
            account.pseudonym,
            t("people.password_or_link") if account.has_password else t("people.link_only"),
            moment(account.created_at),
        )
        for account in accounts
    ]
    names = ("name", "role", "access", "in_exports", "signs_in_by", "added_at")
    return table(t("people.everybody"), [t(f"people.{name}") for name in names], rows)
