"""The campaign file: what it may say, and what is said of one that says something else."""

from __future__ import annotations

import os
import re
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
        ("[message]\nname = 'x'\n", "'name' is missing, and stands under [message]: it belongs at the top"),
        ('name = "x"\nrecipients = "C:\\new.csv"\n[message]\n', "a backslash begins an escape: write '…'"),
        ("name = 5\n[message]\n", "name = 5: expected text"),
        ("name = ' '\n[message]\n", "expected 1 to 100 printable characters"),
        ("name = 'x'\nrate = -1\n[message]\n", "rate = -1: expected messages per second"),
        ("name = 'x'\nrate = true\n[message]\n", "rate = True: expected a number"),
        ("name = 'x'\nrate = inf\n[message]\n", "rate = inf"),
        ("name = 'x'\nrate = nan\n[message]\n", "rate = nan"),
        ("name = 'x'\ntrack = 'no'\n[message]\n", "expected true or false"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_campaign_says_why(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CampaignError) as caught:
        load(path)
    assert expected in str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("to", "under [message]"),
        ("language", "under [message.body.template]"),
        ("text", "under [message"),
    ],
)
def test_a_key_under_the_wrong_table_is_told_where_it_belongs(tmp_path: Path, key: str, place: str) -> None:
    with pytest.raises(CampaignError, match=re.escape(f"unknown key '{key}'; it belongs {place}")):
        load(write(tmp_path, f"name = 'x'\n{key} = 'y'\n[message]\n"))


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "x"\nrate = fast\n')
    with pytest.raises(CampaignError) as caught:
        load(path)
    assert str(caught.value).splitlines() == [
        f"{path}, line 2: is not TOML: text stands in quotes",
        "2 | rate = fast",
        "           ^",
        'Write: rate = "fast"',
    ]


def test_a_pipe_is_not_waited_for_and_a_large_file_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CampaignError, match="no regular file"):
        load(tmp_path / "pipe")
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(CampaignError, match="has 1,000,000,000 bytes"):
        load(tmp_path / "large.toml")


def test_a_recipients_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = load(write(tmp_path, "name = 'x'\nrecipients = '~/a.csv'\n[message]\n"))
    assert file.recipients == tmp_path / "a.csv"


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="no such campaign file"):
        load(tmp_path / "none.toml")
    with pytest.raises(CampaignError, match="cannot be read"):
        load(tmp_path)
