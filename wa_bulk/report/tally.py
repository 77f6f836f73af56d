"""The last word on every row and why, in one byte a row.

The ledger's row states know each row's status; a report also tells why. So rows that were not simply
accepted have a code of their cause here: a status with the code and words that came with it.
"""

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct

from wa_bulk.ledger.log_format import LogLine, ResultLine
from wa_bulk.ledger.row_states import CODES, CODES_MAX, CUT_OFF, NEVER, STATUSES, RowStates
from wa_bulk.ledger.wording import in_common, words_of
from wa_bulk.send.outcome import Status

__all__ = ["NO_RESULT", "STATUSES", "Cause", "Tally"]

NO_RESULT = "no result in the log: the run was cut off while the message may have been on its way"

_ACCEPTED = CODES["accepted"]
_TEXTS_REMEMBERED = 4096
_ROWS_NAMED = 5


class Cause(Struct):
    """Why rows have the status they have. `text` is what was said, with … for values that differ;
    `first_rows` are the first few of the `rows`."""

    status: Status
    code: int | None = None
    http_status: int | None = None
    text: str | None = None
    rows: int = 0
    first_rows: list[int] = []


class Tally:
    """Follows a log line by line; knows at any moment how many rows have which status, and why.

    `states` has what is known of each row.
    """

    def __init__(self) -> None:
        self.states = RowStates()
        # By the code of a row. Those of the statuses also take what finds no code of its own.
        self._causes = {CODES[status]: Cause(status) for status in STATUSES}
        self._causes[CUT_OFF] = Cause("unknown", text=NO_RESULT)
        self._by_text: dict[tuple[Status, int | None, int | None, str | None], int] = {}
        self._by_words: dict[tuple[Status, int | None, int | None, tuple[str, ...]], int] = {}

    def follow(self, line: LogLine) -> None:
        """Take in the next line of the log. Raises ValueError if it tells of a row that cannot be."""
        if isinstance(line, ResultLine):
            code = _ACCEPTED if line.status == "accepted" else self._code_of(line)
            self.states.set_code(line.row, code)
        else:
            self.states.follow(line)

    def _code_of(self, line: ResultLine) -> int:
        key = (line.status, line.code, line.http_status, line.error or line.reason)
        code = self._by_text.get(key)
        if code is None:
            code = self._code_of_words(*key)
            if len(self._by_text) < _TEXTS_REMEMBERED:
                self._by_text[key] = code
        return code

    def _code_of_words(
        self, status: Status, code: int | None, http_status: int | None, text: str | None
    ) -> int:
        if (code, http_status, text) == (None, None, None):
            return CODES[status]
        key = (status, code, http_status, words_of(text or ""))
        number = self._by_words.get(key)
        if number is None:
            if len(self._causes) + 1 == CODES_MAX:
                return CODES[status]
            number = self._by_words[key] = self.states.add_code(status)
            self._causes[number] = Cause(status, code, http_status, text)
        else:
            cause = self._causes[number]
            cause.text = in_common(cause.text or "", text or "")
        return number

    def causes(self) -> list[Cause]:
        """Count the rows of every cause that is the last word on some row, the most frequent first."""
        for code, cause in self._causes.items():
            cause.rows = self.states.count(code)
            if cause.rows and cause.status != "accepted":
                cause.first_rows = self.states.first_with(code, _ROWS_NAMED)
        return sorted((cause for cause in self._causes.values() if cause.rows), key=lambda cause: -cause.rows)

    def has_result(self, row: int) -> bool:
        """Return whether the last word on `row` is a result in the log."""
        return self.states.code(row) not in (NEVER, CUT_OFF)

    def rows_cut_off(self) -> Iterator[int]:
        """Find the rows that a run was cut off over, ascending."""
        return chain.from_iterable(self.states.rows_in("cut off"))

    def rows_unknown(self) -> Iterator[int]:
        """Find the rows with the status `unknown`, ascending, and not those being sent again."""
        return chain.from_iterable(self.states.rows_in("cut off", "unknown"))
