"""``serve`` and ``demo``: the app in a browser."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import Annotated, TextIO

import typer

from review_app.bootstrap import Application
from review_app.cli.common import AsJson, application, console, progress_bar, result
from review_app.core.errors import DetectorError, SettingsError
from review_app.core.settings import Settings
from review_app.people import Account
from storage.enums import Role


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
    with application(**given) as app:
        known = app.people.all()
        accounts = [] if known else [app.people.ensure("admin", Role.ADMIN, "first start")]
        _serve(app, accounts, sys.stdout)


def demo(
    open_site: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the app when the queue is ready.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Make a queue of sample images, train, certify, triage it, and open the app."""
    from review_app.demo.photos import require_photos

    require_photos()
    from review_app.cli.demo_run import prepare

    with application() as app:
        with progress_bar("Demo") as progress:
            summary = prepare(app, lambda words: console.print(words), progress)
        result(summary.to_json(), as_json, summary.text)
        if open_site:
            accounts = [
                app.people.ensure("admin", Role.ADMIN, "demo"),
                app.people.ensure("reviewer", Role.REVIEWER, "demo"),
            ]
            # With --json, standard output has had its one document.
            _serve(app, accounts, sys.stderr if as_json else sys.stdout)


def _serve(app: Application, accounts: list[Account], out: TextIO) -> None:
    """Listen until stopped; ``accounts`` get one-time links on ``out`` once the app answers."""
    import uvicorn

    from review_app.cli import job_worker
    from review_app.jobs.runner import JobRunner
    from review_app.web.server import create_app
    from review_app.web.serving import server_config

    sock = _bind(app.settings)
    address = app.settings.address(sock.getsockname()[1])

    def looks() -> None:
        app.learning_schedule.look()
        app.monitoring_refresh.look()

    runner = JobRunner(
        app.jobs.leases,
        job_worker.COMMAND,
        job_worker.told(app.settings),
        looks,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            runner.start()
            _announce(app, address, accounts, out)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            runner.close()  # before uvicorn ends the process with the signal that it was sent
            await super().shutdown(sockets)

    threading.Thread(target=_warm_up, args=[app], name="warm-up", daemon=True).start()
    Server(server_config(create_app(app), app.settings)).run(sockets=[sock])


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


def _announce(app: Application, address: str, accounts: list[Account], out: TextIO) -> None:
    lines = [f"deepfake-review is open at {address}"]
    minutes = f"{app.settings.link_minutes:g} minutes"
    links = [f"{address}/login/link/{app.people.make_link(a.name, 'start')}" for a in accounts]
    for account, link in zip(accounts, links, strict=True):
        lines.append(f"  sign in as {account.name} (once, within {minutes}):")
        lines.append(f"    {link}")
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
