"""A receiver as a tutorial would have it: `python -m benchmarks.peers.callbacks_aiohttp PORT FILE`.

Stores a request's rows as JSON, and the last status of each message, in one transaction; then answers.
"""

import json
import sqlite3
import sys

from aiohttp import web

SCHEMA = """
CREATE TABLE callbacks (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE messages (message_id TEXT PRIMARY KEY, status TEXT NOT NULL);
"""


def application(path: str) -> web.Application:
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(SCHEMA)

    async def receive(request: web.Request) -> web.Response:
        rows = (await request.json())["rows"]
        with database:
            database.executemany(
                "INSERT INTO callbacks (body) VALUES (?)", [(json.dumps(row),) for row in rows]
            )
            database.executemany(
                "INSERT INTO messages VALUES (?, ?) ON CONFLICT DO UPDATE SET status = excluded.status",
                [(row["message_id"], row["status"]["message_status"]) for row in rows],
            )
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    return app


if __name__ == "__main__":
    web.run_app(application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), print=None)
