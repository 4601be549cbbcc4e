"""The sites of one deployment: the queue that is always there, and its desks, each an application
of its own over a data directory of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from review_app.bootstrap import Application, open_application
from review_app.core.errors import NotFoundError, StorageError
from review_app.core.permissions import Person
from review_app.people import Admission, DeskBook, mirror_members
from storage.repositories.event_log import SYSTEM

_logger = logging.getLogger(__name__)

Run = Callable[[Application], Callable[[], None]]
"""A function that begins what runs beside an application; it returns what ends that."""


class Sites:
    """The applications of a server's process; safe to share between threads.

    ``run`` is called with the application of every desk that is opened.
    """

    def __init__(self, home: Application, run: Run = lambda _app: lambda: None) -> None:
        assert home.desks is not None, "a desk has no desks"
        self.home = home
        self.desks: DeskBook = home.desks
        self._run = run
        self._open: dict[str, tuple[Application, ExitStack]] = {}
        self._opening = threading.Lock()
        self._is_closed = False

    def find(self, name: str) -> Application | None:
        """The application of the desk of that name, if it is open."""
        found = self._open.get(name)
        return None if found is None else found[0]

    def open(self, name: str) -> Application:
        """The application of a desk, opened if it is not.

        Raises:
            NotFoundError: there is no such desk, or the server ends.
            ReviewAppError: its data directory cannot be used.
        """
        with self._opening:
            found = self._open.get(name)
            if found is not None:
                return found[0]
            view = self.desks.get(name)
            if self._is_closed or view.is_closed:
                raise NotFoundError(f"desk {name} is closed")
            admission = Admission(self.home.people, self.desks, name)
            with ExitStack() as stack:
                app = open_application(self.home.settings.for_desk(name), admission)
                stack.callback(app.close)
                if not app.database.read_only:
                    mirror_members(app.database, view.members, SYSTEM)
                stack.callback(self._run(app))
                self._open[name] = app, stack.pop_all()
            return app

    def names(self) -> list[str]:
        """The names of the desks that are not closed."""
        return [desk.name for desk in self.desks.all() if not desk.is_closed]

    def settle(self) -> None:
        """Mirror the members of every desk that is open into it, where others have changed them."""
        for desk in self.desks.all():
            app = self.find(desk.name)
            if app is None or app.database.read_only:
                continue
            try:
                mirror_members(app.database, desk.members, SYSTEM)
            except StorageError as error:
                _logger.warning("the members of desk %s were not stored: %s", desk.name, error)

    def release(self, person: Person) -> None:
        """Give back what somebody holds, at whichever desk."""
        apps = [self.home, *(app for app, _ in list(self._open.values()))]
        for app in apps:
            with suppress(StorageError):  # what cannot be given back runs out
                app.review.release(person)

    def shut(self, name: str) -> None:
        """Close the application of a desk."""
        with self._opening:
            found = self._open.pop(name, None)
        if found is not None:
            found[1].close()

    def close(self) -> None:
        """Close the applications of all desks; the first one is its opener's."""
        with self._opening:
            self._is_closed = True
        for name in list(self._open):
            self.shut(name)
