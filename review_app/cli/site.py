"""``serve`` and ``demo``: the app in a browser."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from review_app.cli.common import AsJson, console, home_application, progress_bar, result
from review_app.core.collector import set_aside, set_aside_anew
from review_app.core.errors import DetectorError, SettingsError
from review_app.core.notice import DEMO
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.jobs.runner import JobRunner
from review_app.people import Account
from review_app.sites import Sites
from storage.enums import JobKind, JobState, Role

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(demo)
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
) -> None:
    """Open the app on this data directory."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with home_application(**given) as app:
        known = app.people.all()
        accounts = [] if known else [app.people.ensure("admin", Role.ADMIN, "first start")]
        _serve(app, accounts, sys.stdout)


def demo(
    open_site: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the app when the queue is ready.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Open the app, and make a queue of sample images, train, certify and triage it meanwhile.

    With --no-serve or --json the queue is made first.
    """
    from review_app.demo.photos import require_photos

    require_photos()
    with home_application() as app:
        admin = app.people.ensure("admin", Role.ADMIN, "demo")
        words = ""
        if as_json or not open_site:
            _make_queue(app, as_json)
        else:
            words = ask_for_queue(app, Person(admin.id, admin.name, admin.role))
        if open_site:
            accounts = [admin, app.people.ensure("reviewer", Role.REVIEWER, "demo")]
            # With --json, standard output has had its one document.
            _serve(app, accounts, sys.stderr if as_json else sys.stdout, words)


def _make_queue(app: Application, as_json: bool) -> None:
    from review_app.cli.demo_run import prepare

    with progress_bar("Demo") as progress:
        summary = prepare(app, lambda words: console.print(words), progress)
    result(summary.to_json(), as_json, summary.text)


def ask_for_queue(app: Application, admin: Person) -> str:
    """Have the queue made in the background, unless it is there; a line on that."""
    app.notice.set(DEMO)  # pages are built with it
    last = app.jobs.last_of(JobKind.DEMO)
    if last is not None and last.state is JobState.DONE:
        return ""
    app.jobs.ask(admin, JobKind.DEMO, {})
    return (
        "The demo's queue is being made meanwhile, which takes minutes: the first images wait on "
        "the review page soon, and the overview tells how far it is."
    )


def _serve(app: Application, accounts: list[Account], out: TextIO, more: str = "") -> None:
    """Listen until stopped; ``accounts`` get one-time links on ``out`` once the app answers, and
    ``more`` is said."""
    import uvicorn

    from review_app.web.desks import DeskDoor
    from review_app.web.serving import server_config

    sock = _bind(app.settings)
    address = app.settings.address(sock.getsockname()[1])
    runner = _runner(app)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            set_aside()
            runner.start()
            app.deliveries.start()
            _announce(app, address, accounts, out, more)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            runner.close()  # before uvicorn ends the process with the signal that it was sent
            await super().shutdown(sockets)

    threading.Thread(target=_warm_up, args=[app], name="warm-up", daemon=True).start()
    door = DeskDoor(Sites(app, _begin_jobs), set_aside_anew)
    Server(server_config(door, app.settings)).run(sockets=[sock])


def _runner(app: Application) -> JobRunner:
    """What does the jobs of a site, and what is due there."""
    from review_app.cli import job_worker

    def looks() -> None:
        app.learning_schedule.look()
        app.purge_schedule.look()
        app.monitoring_refresh.look()

    return JobRunner(app.jobs.leases, job_worker.COMMAND, job_worker.told(app.settings), looks)


def _begin_jobs(app: Application) -> Callable[[], None]:
    """Do the jobs of a desk, until what is returned is called, and tell whom it is to tell."""
    runner = _runner(app)
    runner.start()
    app.deliveries.start()
    return runner.close


def _warm_up(app: Application) -> None:
    """Load the weights before the first person waits for them; whoever does is told of a fault."""
    with suppress(DetectorError):  # as where the server ends before they are loaded
        app.inspector.warm_up()


def _bind(settings: Settings) -> socket.socket:
    """The listening socket: taken before anything is printed, so that the address is certain."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
    except OSError as error:
        sock.close()
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); stop what "
            "listens there, or choose another port: REVIEW_PORT=7861"
        ) from None
    return sock


def _announce(
    app: Application, address: str, accounts: list[Account], out: TextIO, more: str
) -> None:
    lines = [f"deepfake-review is open at {address}"]
    minutes = f"{app.settings.link_minutes:g} minutes"
    links = [f"{address}/login/link/{app.people.make_link(a.name, 'start')}" for a in accounts]
    for account, link in zip(accounts, links, strict=True):
        lines.append(f"  sign in as {account.name} (once, within {minutes}):")
        lines.append(f"    {link}")
    lines += [more] if more else []
    lines.append("Press Ctrl+C to stop. Nothing is lost.")
    out.write("\n".join(lines) + "\n")
    out.flush()
    if links and _has_screen():
        webbrowser.open(links[0])


def _has_screen() -> bool:
    """Whether a person sits here: opening a browser elsewhere would only confuse."""
    if not sys.stdout.isatty():
        return False
    on_x = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return sys.platform in ("darwin", "win32") or on_x
