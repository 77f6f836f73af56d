from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.logs import run, write
from wa_bulk.campaign.selections.spec import SelectionError, Spec, parse


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder the test is in, which is also the user's home: with a log, and a file of numbers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "run.jsonl", run())
    write(tmp_path / "C:run.jsonl", run())
    write(tmp_path / "odd:read", run())
    (tmp_path / "staff.csv").write_text("phone\n+447911123456\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "name", "statuses", "is_log"),
    [
        ("run.jsonl", "run.jsonl", None, True),
        ("run.jsonl:read", "run.jsonl", ("read",), True),
        ("run.jsonl:failed, 131049,failed", "run.jsonl", ("failed", "131049"), True),
        ("C:run.jsonl", "C:run.jsonl", None, True),
        ("C:run.jsonl:unsent", "C:run.jsonl", ("unsent",), True),
        ("odd:read", "odd:read", None, True),
        ("odd:read:read", "odd:read", ("read",), True),
        ("staff.csv", "staff.csv", None, False),
    ],
)
def test_a_selection_names_a_file_and_perhaps_statuses(
    text: str, name: str, statuses: tuple[str, ...] | None, is_log: bool
) -> None:
    assert parse(text) == Spec(text, Path(name), statuses, is_log)


def test_a_tilde_is_the_home_folder(folder: Path) -> None:
    assert parse("~/run.jsonl:read").path == folder / "run.jsonl"
    assert parse("~/staff.csv").path == folder / "staff.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gone.jsonl", "there is no file 'gone.jsonl'"),
        ("gone.jsonl:read", "there is no file 'gone.jsonl'"),
        ("gone.jsonl:raed", "there is no file 'gone.jsonl:raed', nor 'gone.jsonl'"),
        ("C:/gone.jsonl", "there is no file 'C:/gone.jsonl', nor 'C'"),
        ("run.jsonl:", "there is no status ''; expected accepted, "),
        ("run.jsonl:acepted", "there is no status 'acepted'; did you mean 'accepted'?"),
        ("run.jsonl:read,13104x", "there is no status '13104x'; expected accepted, "),
        (
            "staff.csv:read",
            "staff.csv is no log of wa-bulk, so that nobody in it has a status: leave out",
        ),
        (".", ". is no regular file"),
        ("", ". is no regular file"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, words: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse(text)
    assert words in str(caught.value)
