"""What is wrong with a memory can be told in another process: one of a pool, say."""

from __future__ import annotations

import copy
import pickle

import pytest

from wa_bulk.history.errors import (
    HistoryDamaged,
    HistoryError,
    HistoryForeign,
    HistoryLocked,
    HistoryNewer,
    HistoryUnavailable,
)


@pytest.mark.parametrize(
    "error",
    [
        HistoryLocked("a.db"),
        HistoryDamaged("a.db", "malformed"),
        HistoryNewer("a.db", 9, 2),
        HistoryForeign("a.db"),
        HistoryUnavailable("a.db", "disk full"),
    ],
)
def test_errors_are_copied_as_they_are(error: HistoryError) -> None:
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(copied) is type(error)
        assert (str(copied), copied.path, copied.args) == (str(error), error.path, error.args)
