"""Why something failed in the network, in words."""

import os
import re

_ERRNO = re.compile(r"\[Errno (\d+)\]")


def reason_of(error: BaseException) -> str:
    """Return the reason in `error` in words, without numbers of the system's and addresses; never empty."""
    numbers = [error.errno] if isinstance(error, OSError) else []
    if numbers in ([], [None]):  # of several attempts, told in one text
        numbers = [int(number) for number in _ERRNO.findall(str(error))]
    words = [os.strerror(number) for number in numbers if number is not None and number > 0]
    if words:
        return ", ".join(dict.fromkeys(words))
    if isinstance(error, OSError) and error.strerror:  # of a name: those numbers are negative
        return error.strerror
    return str(error) or type(error).__name__
