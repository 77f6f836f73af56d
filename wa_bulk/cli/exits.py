"""The exit codes of `wa-bulk`: one table, used by every command and printed by `wa-bulk --help`."""

from collections.abc import Mapping, Sequence

FINISHED = 0
NOT_ALL_ACCEPTED = 1
NOTHING_SENT = 2
STOPPED_EARLY = 3
INTERRUPTED = 130

MEANING: dict[int, str] = {
    FINISHED: "finished; every row accepted, or skipped as asked",
    NOT_ALL_ACCEPTED: "finished; some rows rejected, failed or unknown",
    NOTHING_SENT: "nothing was sent: bad usage, campaign, CSV or credentials missing",
    STOPPED_EARLY: "stopped early by a fatal answer or the failure guard; resumable",
    INTERRUPTED: "interrupted; requests in flight were drained; resumable",
}

_NOT_ACCEPTED = ("rejected", "failed", "unknown")


def of_run(stopped: str | None, totals: Mapping[str, int]) -> int:
    """Return the exit code for a run that ended as its log's end line says.

    `stopped` is the end line's word (None: it reached the last row); `totals` counts rows by status.
    """
    if stopped == "interrupted":
        return INTERRUPTED
    if stopped is not None:
        return STOPPED_EARLY
    return NOT_ALL_ACCEPTED if any(totals.get(status) for status in _NOT_ACCEPTED) else FINISHED


def of_check(errors: Sequence[str], rejected: int) -> int:
    """Return the exit code for a check: that of a run, which would not begin with `errors`."""
    return NOTHING_SENT if errors else of_rows_refused(rejected)


def of_rows_refused(rejected: int) -> int:
    """Return the exit code for a look at the rows that sent nothing: that of a run over them at best."""
    return NOT_ALL_ACCEPTED if rejected else FINISHED
