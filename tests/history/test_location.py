from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from wa_bulk.history import history_path

FOLDER = platformdirs.user_data_path("wa-bulk", appauthor=False)


@pytest.mark.parametrize(
    ("base_url", "file"),
    [
        (None, "wa-bulk.db"),
        ("https://wa.api.engagelab.cc", "wa-bulk.db"),
        ("http://127.0.0.1:8025", "wa-bulk-sandbox.db"),
        ("http://localhost:1", "wa-bulk-sandbox.db"),
        ("http://[::1]:8025", "wa-bulk-sandbox.db"),
        ("https://127.0.0.1.example.com", "wa-bulk.db"),
    ],
)
def test_a_sandbox_has_a_memory_of_its_own(base_url: str | None, file: str) -> None:
    assert history_path(base_url, {}) == FOLDER / file
    assert history_path(base_url, {"WA_BULK_DB": "  "}) == FOLDER / file


def test_what_the_environment_names_comes_first() -> None:
    assert history_path("http://localhost", {"WA_BULK_DB": "/data/own.db"}) == Path("/data/own.db")
    assert history_path(None, {"WA_BULK_DB": "~/own.db"}) == Path.home() / "own.db"


def test_the_environment_is_the_processs_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WA_BULK_DB", str(tmp_path / "own.db"))
    assert history_path() == tmp_path / "own.db"
