"""``monitor``: what the blind audits say of the certificates, for people and for schedulers."""

from __future__ import annotations

import typer

from review_app.cli.common import AsJson, application, result

ALARM = 1
"""Exit status while an alarm stands, so that a scheduled run is noticed."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(monitor)


def monitor(as_json: AsJson = False) -> None:
    """Say what the audits tell of the certificates; exit status 1 while an alarm stands."""
    with application() as app:
        app.policies.current()  # a new deployment gets its first policy
        report = app.breaker.report()
    assert report is not None
    result(report.to_json(), as_json, report.text)
    if report.standing:
        raise typer.Exit(ALARM)
