"""The names that services import are a promise."""

from __future__ import annotations

from wa_bulk import callbacks

PROMISED = {"CallbackRow", "CallbackStore", "parse_callback", "receiver_app", "verify_signature"}
FURTHER = """
COUNTERS HEADER HEALTH_PATH START_WORDS STOP_WORDS CallbackBatch Counters Limits MessageStatus
NotificationReport OnRow OptOut OptOutWords ReceivedRow Recorded ResponseReport StatusData StatusReport
listening
""".split()


def test_the_public_names_are_these() -> None:
    assert set(callbacks.__all__) == PROMISED | set(FURTHER)
    assert all(hasattr(callbacks, name) for name in callbacks.__all__)
