"""People: who may sign in, as what; one-time sign-in links; closing and opening accounts; how
people answer."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError, NotFoundError
from review_app.people import Account
from review_app.permissions import Permission
from review_app.web.admin.confirm import Confirm
from review_app.web.admin.people_figures import build_figures
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, moment, notice, table
from storage.enums import Role

ROLES = {
    Role.REVIEWER: "Reviewer: labels what is handed out",
    Role.ADMIN: "Admin: may do everything",
}


class PeopleTab:
    """What the tab's buttons do."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """The accounts, as a table and as choices."""
        accounts = self._app.people.all()
        return _accounts(accounts), gr.update(choices=[account.name for account in accounts])

    def add(self, call: Call, name: str | None, role: str) -> tuple[Markup, Any, Markup, Any, str]:
        """Make an account, and a link that signs the person in once."""
        if role not in set(Role):
            raise InputError("choose a role")
        account = self._app.people.add(name or "", Role(role), call.person.name)
        words = f"{account.name} is added as {account.role}. Give them the link below."
        return notice(words, Tone.DONE), self._link(call, account.name), *self.load(call), ""

    def new_link(self, call: Call, name: str | None) -> tuple[Markup, Markup]:
        """Another one-time link for somebody who has an account."""
        account = self._account(name)
        words = f"A new link for {account.name} is below. It shows only now."
        return notice(words, Tone.DONE), self._link(call, account.name)

    def ask_switch(self, _call: Call, name: str | None) -> str:
        """The question before somebody's access changes."""
        account = self._account(name)
        if account.disabled:
            return f"Enable {account.name}? They can sign in again as {account.role}."
        return (
            f"Disable {account.name}? They are signed out at once and cannot sign in again. "
            "Their labels stay."
        )

    def switch(self, call: Call, name: str | None) -> tuple[Markup, Markup, Any]:
        """Close the account if it is open, and the other way round."""
        account = self._account(name)
        self._app.people.set_enabled(account.name, account.disabled, call.person.name)
        words = f"{account.name} is {'enabled' if account.disabled else 'disabled'}."
        return notice(words, Tone.DONE), *self.load(call)

    def _account(self, name: str | None) -> Account:
        if not name:
            raise InputError("choose a person first")
        for account in self._app.people.all():
            if account.name == name:
                return account
        raise NotFoundError(f"there is no user {name!r} any more; reload the page")

    def _link(self, call: Call, name: str) -> Markup:
        token = self._app.people.make_link(name, call.person.name)
        return _LINK.format(
            name=name,
            minutes=f"{self._app.settings.link_minutes:g}",
            url=f"{call.origin}/login/link/{token}",
        )


_LINK = Markup(
    '<div class="card"><label>Sign-in link for {name}: works once, within {minutes} minutes'
    '<input type="text" readonly value="{url}"></label>'
    '<button type="button" class="copy">Copy the link</button></div>'
)
_COPY = """element.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const field = element.querySelector("input");
  field.select();
  await navigator.clipboard.writeText(field.value);
  button.textContent = "Copied";
});"""


def build_people(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    desk = PeopleTab(app)
    wiring = Wiring(app, Permission.MANAGE_PEOPLE)
    accounts = html()
    message = html()
    link = gr.HTML(apply_default_css=False, js_on_load=_COPY)
    with section("Add a person"), gr.Row():
        name = gr.Textbox(label="Name, as they will sign in", max_length=80)
        choices = [(words, role.value) for role, words in ROLES.items()]
        role = gr.Radio(choices, value=Role.REVIEWER.value, label="Role", min_width=240)
        add = gr.Button("Add and make a link", variant="primary")
    with section("Change a person"):
        with gr.Row():
            who = gr.Dropdown([], label="Person", value=None)
            again = gr.Button("New sign-in link")
            switch = gr.Button("Disable or enable…")
        confirm = Confirm("Yes, change their access")
    build_figures(app, tab)
    for event in (blocks.load, tab.select):
        wiring.quick(event, desk.load, [accounts, who])
    wiring.quick(add.click, desk.add, [message, link, accounts, who, name], [name, role])
    wiring.quick(again.click, desk.new_link, [message, link], [who])
    confirm.ask(wiring, switch, desk.ask_switch, [who])
    confirm.then(wiring, desk.switch, [message, accounts, who], [who])


def _accounts(accounts: list[Account]) -> Markup:
    rows = [
        (
            account.name,
            account.role.value,
            "disabled" if account.disabled else "enabled",
            account.pseudonym,
            "password or link" if account.has_password else "link only",
            moment(account.created_at),
        )
        for account in accounts
    ]
    headers = ("Name", "Role", "Access", "In exports", "Signs in by", "Added")
    return table("Everybody with an account", headers, rows)
