"""The demo's sample: what it holds, and that it could reach nobody."""

import csv
import tomllib
from pathlib import Path

from wa_bulk.api import e164
from wa_bulk.campaign.check import check
from wa_bulk.cli.sample import ORDERS, customers, orders, write_sample


def test_all_seven_bodies_are_in_it(tmp_path: Path) -> None:
    campaigns = write_sample(tmp_path)

    bodies = [
        tomllib.loads(path.read_text(encoding="utf-8"))["message"]["body"]["type"] for path in campaigns
    ]
    assert sorted(bodies) == ["audio", "document", "image", "sticker", "template", "text", "video"]
    assert bodies[0] == "template"
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".toml", ".csv")
    ]


def test_most_rows_are_fine_and_some_are_not(tmp_path: Path) -> None:
    main, *others = write_sample(tmp_path)

    found = check(main)
    assert found.rows == ORDERS >= 1000
    assert found.ready > 0.9 * ORDERS
    assert found.rejected >= 10
    assert found.skipped >= 10
    for campaign in others:
        found = check(campaign)
        assert found.ready == found.rows
        assert [warning for warning in found.warnings if "24 hours" not in warning] == []


def test_names_survive_the_file(tmp_path: Path) -> None:
    write_sample(tmp_path)

    with (tmp_path / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == orders()
    assert len({row[2] for row in rows[1:]}) >= 50


def test_every_number_is_kept_free_for_films_or_no_countrys() -> None:
    for row in (*orders(), *([number, number] for number, *_ in customers())):
        try:
            number = e164(row[1])
        except ValueError:
            continue
        films = number[:2] == "+1" and (number[5:8] == "555" and "0100" <= number[8:] <= "0199")
        assert films or number.startswith(("+4917139200", "+49176040690", "+999")) or len(number) < 9, number
