import pickle

import pytest

from wa_bulk.send.outcome import Accepted, Outcome, SendError


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Outcome("rejected", http_status=400, code=3002, message="to: is empty", attempts=1),
            "rejected, HTTP 400, code 3002: to: is empty",
        ),
        (Outcome("failed", message="refused", attempts=5), "failed, after 5 tries: refused"),
        (Outcome("unknown", http_status=200, attempts=1), "unknown, HTTP 200"),
        (Outcome("unknown"), "unknown"),
    ],
)
def test_an_error_says_what_happened(outcome: Outcome, words: str) -> None:
    error = SendError(outcome)
    assert str(error) == words
    assert error.outcome is outcome


def test_accepted_is_an_outcome_with_a_message_id() -> None:
    accepted = Accepted("accepted", "+447911123456", "1666165485030094861")
    assert isinstance(accepted, Outcome)
    assert accepted.message_id == "1666165485030094861"


def test_an_error_survives_pickling_as_process_pools_do_it() -> None:
    error = pickle.loads(pickle.dumps(SendError(Outcome("failed", code=1000))))
    assert error.outcome == Outcome("failed", code=1000)
