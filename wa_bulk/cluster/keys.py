"""The names of what is kept in Redis. All keys of one run share a hash tag, so that one script may use them.

| key | holds |
|---|---|
| `wa-bulk:runs` | a sorted set of run ids, by when they were submitted |
| `wa-bulk:submitted:DIGEST` | the run of a campaign with its recipients and settings |
| `wa-bulk:{RUN}:run` | a hash: what is sent (`description`), how far it is, totals by code (`code:N`) |
| `wa-bulk:{RUN}:chunks` | a stream of chunks of rows, with their values, until all of it is settled |
| `wa-bulk:{RUN}:leases` | a hash: chunk → fence and owner |
| `wa-bulk:{RUN}:books` | a string: one byte a row, a code of `cluster/books.py` |
| `wa-bulk:{RUN}:requests` | a hash: owner → its last request: a repeated one changes nothing |
| `wa-bulk:{RUN}:results` | a stream of results that are not collected yet |
| `wa-bulk:{RUN}:workers` | a hash: owner → host, process, when it was last seen |
| `wa-bulk:{RUN}:loader`, `:collector` | who submits, and who collects; gone when they are not renewed |
| `wa-bulk:{NUMBER}:pace`, `:places` | the pace of a sending number |
| `wa-bulk:{callbacks}:received` | a stream of callbacks that are not in the account's memory yet |
| `wa-bulk:{callbacks}:refused` | a stream of requests that receivers refused, on the same way |
| `wa-bulk:{callbacks}:facts` | a hash: bytes of both, what was collected last, and into which memory |
| `wa-bulk:{callbacks}:collector` | who collects callbacks; gone when it is not renewed |
| `wa-bulk:{callbacks}:nonce:DIGEST` | the body that came with a signature's nonce, for an hour |
| `wa-bulk:{suppressed}:people` | a hash: who is suppressed since runs were submitted |
| `wa-bulk:{suppressed}:facts` | a hash: which memory knows, and its last change that is told |
"""

from __future__ import annotations

RUNS = "wa-bulk:runs"
GROUP = "workers"
CALLBACKS = "callbacks"
"""Where a run's id stands, in the keys of callbacks: no run is called so."""


def submitted(digest: str) -> str:
    """Name the key of a campaign that was submitted."""
    return f"wa-bulk:submitted:{digest}"


def of_run(run_id: str, *names: str) -> list[str]:
    """Name keys of a run."""
    return [f"wa-bulk:{{{run_id}}}:{name}" for name in names]


def of_callbacks(*names: str) -> list[str]:
    """Name keys of the callbacks that several receivers take in."""
    return of_run(CALLBACKS, *names)


def of_suppressed(*names: str) -> list[str]:
    """Name keys of the changes of the list of suppressed numbers."""
    return of_run("suppressed", *names)


def of_sender(sender: str | None) -> list[str]:
    """Name the keys of a sending number's pace (None: the account's default number)."""
    return of_run(sender or "default", "pace", "places")
