"""What is being measured right now, on stderr."""

from types import TracebackType
from typing import Self

from rich.console import Console


class Progress:
    """A line that changes in place on a terminal, a line a group elsewhere. A context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status = self._console.status("")
        self._heading = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def say(self, heading: str, detail: str) -> None:
        if self._console.is_terminal:
            self._status.update(f"{heading}: {detail}")
        elif heading != self._heading:
            self._console.print(heading, highlight=False)
        self._heading = heading
