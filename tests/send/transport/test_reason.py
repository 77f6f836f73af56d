"""Why something failed in the network, in words."""

import errno
import os
import socket

import pytest

from wa_bulk.send.transport.reason import reason_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"),
            os.strerror(errno.ECONNREFUSED),
        ),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), os.strerror(errno.ECONNRESET)),
        (
            OSError(
                f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] Connect call failed ('::1', 9, 0, 0), "
                f"[Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.1', 9)"
            ),
            os.strerror(errno.ECONNREFUSED),
        ),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (OSError("no addresses"), "no addresses"),
        (RuntimeError("gone"), "gone"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_a_reason_has_words_and_neither_numbers_nor_addresses(error: Exception, words: str) -> None:
    assert reason_of(error) == words
