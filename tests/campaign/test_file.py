"""The campaign file: what it may say, and what is said of one that says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from wa_bulk.campaign.file import CampaignError, load


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "c.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    file = load(write(tmp_path, 'name = "n"\nrecipients = "r.csv"\n[message]\nto = "{p}"\n'))
    assert (file.name, file.recipients, file.rate, file.track) == ("n", tmp_path / "r.csv", 80.0, True)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    assert load(write(tmp_path, b'\xef\xbb\xbfname = "n"\r\n[message]\r\nto = "{p}"\r\n')).name == "n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nam = 'x'\n[message]\n", "unknown key 'nam'; did you mean 'name'?"),
        ("nam = 'x'\n[message]\n", "'name' is missing"),
        ("name = 'x'\n", "'message' is missing"),
        ("name = 5\n[message]\n", "name = 5: expected text"),
        ("name = ' '\n[message]\n", "expected 1 to 100 printable characters"),
        ("name = 'x'\nrate = -1\n[message]\n", "rate = -1: expected messages per second"),
        ("name = 'x'\nrate = true\n[message]\n", "rate = True: expected a number"),
        ("name = 'x'\nrate = inf\n[message]\n", "rate = inf"),
        ("name = 'x'\nrate = nan\n[message]\n", "rate = nan"),
        ("name = 'x'\ntrack = 'no'\n[message]\n", "expected true or false"),
        ("name = \n", "line 1"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_campaign_says_why(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CampaignError) as caught:
        load(path)
    assert expected in str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="no such campaign file"):
        load(tmp_path / "none.toml")
    with pytest.raises(CampaignError, match="cannot be read"):
        load(tmp_path)
