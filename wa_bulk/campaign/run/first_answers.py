"""A campaign that is refused as a whole: nobody is written off for a misspelt template."""

from __future__ import annotations

ENOUGH = 20
"""Answers that tell, where all of them are refusals."""
FEWEST = 5
"""With fewer rows to send than this, each is judged by itself."""

WAY_OUT = (
    "If each is to be refused by itself, turn the guards off: --max-failures-in-a-row 0 --max-failure-share 0"
)


class FirstAnswers:
    """Watches the first answers of a stretch of a run that has accepted nothing yet.

    `verdict` says why to stop, once all of the first ones are the API's refusals. `rows` are the first
    and the last that it refused: they are to be reopened then.
    """

    def __init__(self, *, watching: bool, second_time: bool = False) -> None:
        """`watching`: the run has accepted nothing so far, and the guards are on; `second_time`: it was
        stopped for this before."""
        self.verdict: str | None = None
        self.rows: tuple[int, int] | None = None
        self.watching = watching
        """Whether what comes may still show that the campaign is refused as a whole."""
        self._second_time = second_time
        self._refusals = 0
        self._reason = ""

    def other(self) -> None:
        """Note that a message was accepted, or met something else than a refusal for what it is."""
        self.watching = False

    def refused(self, row_number: int, reason: str) -> None:
        """Note that the API refused a message for what it is."""
        self._include(row_number, row_number)
        self._reason = reason
        if self.watching:
            self._refusals += 1
            if self._refusals >= ENOUGH:
                self._stop(f"the first {self._refusals} messages were all refused; the last: {reason}")

    def end(self, unsent_rows: int, unsent: tuple[int, int] | None) -> None:
        """Conclude, now that every row has its answer.

        `unsent_rows` of them, from the first to the last of `unsent`, were refused without being sent, for
        what others were refused for.
        """
        if self.watching and self._refusals and self._refusals + unsent_rows >= FEWEST:
            self._stop(f"all {self._refusals + unsent_rows} messages were refused; the last: {self._reason}")
        if unsent is not None:
            self._include(*unsent)

    def _include(self, first: int, last: int) -> None:
        low, high = self.rows or (first, last)
        self.rows = min(low, first), max(high, last)

    def _stop(self, words: str) -> None:
        if self.verdict is None:
            self.verdict = f"{words}. {WAY_OUT if self._second_time else 'None of them is written off.'}"
