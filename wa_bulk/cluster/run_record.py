"""A run as Redis knows it: what is sent, and how far it is."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal, cast

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

import wa_bulk
from wa_bulk.campaign.settings import Settings
from wa_bulk.cluster import keys
from wa_bulk.cluster.books import totals_of
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.ledger.log_format import Totals

FORMAT = 1
"""Of what is kept in Redis. Workers of another version that keep to it work together."""

State = Literal["active", "paused", "stopped", "cancelled", "finished", "gone"]
"""`stopped`: by a fatal answer or the failure guard; `gone`: Redis does not know the run."""


class OtherVersion(ClusterError):
    """A run was submitted by a version of wa-bulk that says what this one cannot read."""

    def __init__(self, run_id: str, version: str, words: str) -> None:
        super().__init__(
            f"run {run_id} was submitted by wa-bulk {version}, which this one ({wa_bulk.__version__}) does "
            f"not understand: {words}. Use that version for this run"
        )


class Description(Struct, frozen=True, kw_only=True):
    """What was submitted. `campaign` is the file's text; paths are those of the host it was submitted on.

    `rows` are those of the recipients, of which the first `rows_to_send` are wanted.
    """

    format: int
    run_id: str
    name: str
    campaign: str
    campaign_path: str
    campaign_sha256: str
    header: list[str]
    settings: Settings
    source_path: str
    source_sha256: str
    rows: int
    rows_to_send: int
    base_url: str | None
    submitted_at: str
    submitted_on: str
    version: str


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run at one moment. `loading` until it is submitted whole, `retrying` until all that is sent again is
    queued; bytes are those kept in Redis."""

    description: Description
    state: State
    detail: str | None
    why: str | None
    loading: bool
    retrying: bool
    chunks: int
    done: int
    queued_bytes: int
    result_bytes: int
    collected: str | None
    log: str | None
    totals: Totals

    @property
    def unsettled(self) -> int:
        """Rows without a status."""
        return self.description.rows_to_send - sum(
            cast(tuple[int, ...], msgspec.structs.astuple(self.totals))
        )


async def read_run(redis: Redis, url: str, run_id: str) -> RunRecord:
    """Read a run. Raises ClusterError where there is none of that id, or one of another format."""
    (key,) = keys.of_run(run_id, "run")
    with in_words(url):
        fields = await cast(Awaitable[dict[bytes, bytes]], redis.hgetall(key))
    if not fields:
        raise no_such_run(run_id)
    found = {name.decode(): value for name, value in fields.items()}
    description = _description(run_id, found["description"])

    def text(name: str) -> str | None:
        return found[name].decode() if found.get(name) else None

    codes = {int(name[5:]): int(value) for name, value in found.items() if name.startswith("code:")}
    return RunRecord(
        description=description,
        state=cast(State, found["state"].decode()),
        detail=text("detail"),
        why=text("why"),
        loading=found["loading"] == b"1",
        retrying=found["loading"] == b"2",
        chunks=int(found["chunks"]),
        done=int(found["done"]),
        queued_bytes=int(found["queued_bytes"]),
        result_bytes=int(found.get("result_bytes", 0)),
        collected=text("collected"),
        log=text("log"),
        totals=totals_of(codes),
    )


def _description(run_id: str, data: bytes) -> Description:
    """Decode what was submitted. Raises ClusterError for what this version does not know all of.

    A setting that is passed over would be one that the run is not kept to.
    """
    raw = msgspec.json.decode(data)
    words = "it keeps its books differently"
    if isinstance(raw, dict) and raw.get("format") == FORMAT:
        try:
            description = msgspec.convert(raw, Description)
        except msgspec.ValidationError as error:
            words = str(error)
        else:
            unknown = sorted({*raw} - {*Description.__struct_fields__})
            unknown += sorted({*raw["settings"]} - {*Settings.__struct_fields__})
            if not unknown:
                return description
            words = f"it says {' and '.join(unknown)}"
    version = raw.get("version") if isinstance(raw, dict) else None
    raise OtherVersion(run_id, str(version), words)


def no_such_run(run_id: str) -> ClusterError:
    """Say that Redis knows no such run."""
    return ClusterError(
        f"there is no run {run_id!r} in this Redis: `wa-bulk cluster status` lists those that it knows"
    )


async def run_ids(redis: Redis, url: str) -> list[str]:
    """List the runs, oldest first."""
    with in_words(url):
        found = await cast(Awaitable[list[bytes]], redis.zrange(keys.RUNS, 0, -1))
    return [run_id.decode() for run_id in found]
