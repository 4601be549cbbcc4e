"""The least that could hand items out and take answers in, for comparison: two handlers of FastAPI,
each one ``UPDATE ... RETURNING`` that is committed to the disk, and nothing else of what review
does.

``python -m benchmarks.bare_handler FOLDER PORT ITEMS`` serves as many items at the addresses that
the review page asks, by the server, the connection limits and the settings of SQLite that the
application has.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import cast

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from review_app.core.settings import Settings
from review_app.web.serving import server_config
from storage.engine import files_of, make_engine

_TAKE = (
    "UPDATE item SET holder = 'somebody' WHERE id = "
    "(SELECT id FROM item WHERE holder IS NULL ORDER BY id LIMIT 1) RETURNING id"
)
_LABEL = "UPDATE item SET label = ? WHERE id = ? RETURNING id"


class Asked(BaseModel):
    """How many items are wanted; it gives one."""

    n: int


class Answer(BaseModel):
    """What somebody says of an item."""

    client_id: str
    item_id: str
    value: str


class BareItem(BaseModel):
    """An item by its name."""

    item_id: str


def build(connection: sqlite3.Connection) -> FastAPI:
    """The two handlers, over a connection that commits each statement."""
    web = FastAPI(openapi_url=None)

    # On the event loop: a thread for each call, and a lock about the one connection, cost more.
    @web.post("/api/v1/review/take")
    async def take(_body: Asked) -> list[BareItem]:
        return [BareItem(item_id=str(row[0])) for row in connection.execute(_TAKE).fetchall()]

    @web.post("/api/v1/review/label")
    async def label(body: Answer) -> BareItem:
        (row,) = connection.execute(_LABEL, (body.value, int(body.item_id))).fetchall()
        return BareItem(item_id=str(row[0]))

    @web.get("/readyz")
    async def ready() -> None:
        pass

    return web


def made(path: Path, items: int) -> sqlite3.Connection:
    """A connection to a new database of as many items, set as the application's are."""
    url = f"sqlite:///{path}"
    pooled = make_engine(url, files_of(url)).raw_connection()
    connection = cast(sqlite3.Connection, pooled.driver_connection)
    pooled.detach()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, holder TEXT, label TEXT)")
    connection.execute("CREATE INDEX ix_item_free ON item (id) WHERE holder IS NULL")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO item (id) VALUES (?)", ((i,) for i in range(1, items + 1)))
    connection.execute("COMMIT")
    return connection


def main() -> None:
    """Serve until stopped."""
    folder, port, items = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    web = build(made(folder / "bare.db", items))
    config = server_config(web, Settings(data_dir=folder), host="127.0.0.1", port=port)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
