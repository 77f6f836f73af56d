"""What a run's numbers ask of the person reading them, and the command that does it."""

import shlex
from pathlib import Path

from msgspec import UNSET, Struct

from wa_bulk.report.send_again import send_again
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import counted


class Step(Struct):
    """Something to do next. Not every step has a command."""

    text: str
    command: str | None = None


def next_steps(summary: Summary) -> list[Step]:
    """List what to do about this run, most pressing first; nothing when every row is settled and accepted."""
    log = shlex.quote(summary.log)
    if summary.state == "running":
        return [Step(f"Process {summary.pid} is still running it: these are the figures so far.")]
    steps: list[Step] = []
    resume = f"wa-bulk resume {log}"
    if summary.damaged_lines:
        steps.append(
            Step(
                f"{counted(summary.damaged_lines, 'line')} of this log cannot be read, so these figures are "
                "incomplete and it cannot be resumed. Restore the log from a copy."
            )
        )
    elif summary.state in ("stopped", "interrupted") and not _anybody_written_to(summary):
        settings = summary.stretches[-1].settings
        again = send_again(summary.campaign, summary.source, Path(summary.log), settings)
        steps.append(Step("Nobody was written to. Start afresh:", again))
        return steps
    elif summary.state == "cut off":
        steps.append(Step("The run was cut off. Go on where it stopped; nothing is sent twice:", resume))
    elif summary.state != "finished":
        steps.append(Step("Go on where it stopped:", resume))
    elif summary.not_sent:
        were = "was" if summary.not_sent == 1 else "were"
        left_out = f"{counted(summary.not_sent, 'row')} {were} left out by --limit"
        steps.append(Step(f"{left_out}. Go on with the rest:", resume))
    if taken := _not_settled(summary):
        rows = counted(taken, "row")
        steps.append(
            Step(f"Callbacks speak of {rows} that the log does not call accepted:", f"wa-bulk settle {log}")
        )
    elif unknown := summary.totals["unknown"]:
        doubt = f"{counted(unknown, 'row')} may or may not have been accepted"
        if summary.delivery is UNSET:
            where = "Look for them in EngageLab's console; if a message twice is better than none:"
            steps.append(Step(f"{doubt}. {where}", f"{resume} --on-unknown retry"))
        else:
            unheard = f"no callback has come for {'it' if unknown == 1 else 'them'}"
            again = "To send again what callbacks would speak of by now:"
            steps.append(Step(f"{doubt}, and {unheard}. {again}", f"{resume} --on-unknown retry-unheard"))
    if failed := summary.totals["failed"]:
        steps.append(
            Step(f"{counted(failed, 'row')} failed and may safely be sent again:", f"{resume} --retry-failed")
        )
    if rejected := summary.totals["rejected"]:
        were, them = ("was", "it") if rejected == 1 else ("were", "them")
        steps.append(
            Step(
                f"{counted(rejected, 'row')} {were} refused, with good reason. To mend {them}:",
                f"wa-bulk report {log} --rows rejected --csv fix.csv",
            )
        )
    return steps


def _not_settled(summary: Summary) -> int:
    return 0 if summary.delivery_details is UNSET else summary.delivery_details.not_settled


def _anybody_written_to(summary: Summary) -> bool:
    """Return whether a message of this run was, or may have been, accepted."""
    return bool(summary.totals["accepted"] or summary.totals["unknown"] or summary.in_flight)
