"""Which number was seen before, and in which row: exact, at most 16 bytes a row."""


class Seen:
    def __init__(self, capacity_rows: int) -> None:
        raise NotImplementedError

    def earlier(self, number: str, row: int) -> int | None:
        """The first row that brought this number (E.164 with +), or None, and from now on that is `row`."""
        raise NotImplementedError
