"""`wa-bulk init`: from a table of recipients to a campaign that can be checked and sent."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import Result

from tests.cli.conftest import Folder
from tests.cli.vendor import listed, listing, vendor
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

TIDY = "phone,language,first_name,total\n+447911123456,en,Ada,$12.50\n+33612345678,fr,Zoé,$8.00\n"
GERMAN = (
    "Kundennr;Vorname;Handynummer;Foto;Termin\n"
    "17;Ada;0171 3920001;https://example.com/1.jpg;Freitag, 12.3.2026\n"
    "18;Zoé;0171 3920002;https://example.com/2.jpg;Montag, 15.3.2026\n"
)
SPREADSHEET = (
    "Order No\tCustomer Name\tWhatsApp\tInvoice PDF\tAmount\tDue\n"
    '4711\t"Lovelace, Ada"\t00447911123456\thttps://example.com/4711.pdf\t£12.50\t15 March\n'
)
NAMELESS = "c1,c2,c3\nx,+447911123456,Ada\ny,+447911123457,Bo\n"
NO_NUMBERS = "id,name,amount {net}\n1,Ada,$3\n"


def init(
    folder: Folder, text: str, *arguments: str, encoding: str = "utf-8", **environment: str | None
) -> Result:
    (folder.path / "people.csv").write_bytes(text.encode(encoding))
    return folder.run("init", "people.csv", *arguments, **environment)


def written(folder: Folder, name: str) -> tuple[str, dict[str, Any]]:
    text = (folder.path / name).read_text(encoding="utf-8")
    return text, tomllib.loads(text)["message"]


def texts(message: dict[str, Any], kind: str = "body") -> list[str]:
    components = message["body"]["template"].get("components", [])
    return [one["text"] for part in components if part["type"] == kind for one in part["parameters"]]


def test_a_tidy_table_needs_nothing_more(folder: Folder, sandbox: Sandbox) -> None:
    result = init(folder, TIDY, "--template", "order_update")
    assert result.exit_code == exits.FINISHED, result.output
    text, message = written(folder, "order_update.toml")
    assert "FILL IN" not in text
    assert (message["to"], message["body"]["template"]["language"]) == ("{phone}", "{language}")
    assert texts(message) == ["{first_name}", "{total}"]
    assert re.search(r"ready +2 ", result.stdout)
    assert result.stderr.endswith(
        "Next:\n  wa-bulk preview order_update.toml\n  wa-bulk send order_update.toml --limit 1\n"
    )
    assert folder.run("send", "order_update.toml", "--limit", "1", "--yes").exit_code == exits.FINISHED
    assert len(sandbox.messages) == 1


def test_national_numbers_ask_for_their_country(folder: Folder) -> None:
    result = init(folder, GERMAN, "--template", "appointment_reminder", encoding="utf-8-sig")
    assert result.exit_code == exits.FINISHED
    text, message = written(folder, "appointment_reminder.toml")
    assert message["to"] == "{Handynummer}"
    assert (texts(message, "header"), texts(message)) == (["{Termin}"], ["{Vorname}", "{Termin}"])
    assert text.count("FILL IN") == 1
    assert "# FILL IN: whose numbers such as 0171 3920001 are" in text
    assert "warning: line 4 is still marked 'FILL IN: whose numbers" in result.stdout
    assert "see to 1 place marked FILL IN" in result.stderr
    (folder.path / "appointment_reminder.toml").write_text(text.replace('# country = "GB"', 'country = "DE"'))
    assert folder.run("check", "appointment_reminder.toml").exit_code == exits.FINISHED


def test_a_header_takes_the_links_of_its_kind(folder: Folder) -> None:
    result = init(folder, SPREADSHEET, "--template", "invoice", encoding="utf-16")
    assert result.exit_code == exits.FINISHED
    text, message = written(folder, "invoice.toml")
    header = message["body"]["template"]["components"][0]["parameters"][0]
    assert header["document"] == {"link": "{Invoice PDF}"}
    assert texts(message) == ["{{1}}", "{Amount}", "{Due}"]
    assert text.count("FILL IN") == 1
    assert "{{1}} is sent as it stands" in " ".join(result.stdout.split())
    assert "# Not used: Order No, Customer Name" in text


def test_a_sheet_of_a_workbook_and_what_is_said_of_it(folder: Folder) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["Not this one"])
    sheet = workbook.create_sheet("Kunden")
    for cells in (["Mobil", "Name", "Betrag"], ["01713920001", "Ada", 12.5], ["01713920002", "Zoé", 8]):
        sheet.append(cells)
    workbook.save(folder.path / "people.xlsx")
    arguments = ["--sheet", "Kunden", "--country", "DE", "--template", "order_update", "--language", "de"]
    result = folder.run("init", "people.xlsx", *arguments)
    assert result.exit_code == exits.FINISHED, result.output
    text, message = written(folder, "order_update.toml")
    assert 'recipients = "people.xlsx"\ncountry = "DE"\nsheet = "Kunden"\n' in text
    assert (message["to"], texts(message)) == ("{Mobil}", ["{Name}", "{Betrag}"])
    assert re.search(r"ready +2 ", result.stdout)
    assert "Save it first" in folder.run("init", "-", "--text").stderr


def test_columns_without_telling_names_are_told_by_their_cells(folder: Folder) -> None:
    assert init(folder, NAMELESS, "--template", "parcel_photo").exit_code == exits.FINISHED
    text, message = written(folder, "parcel_photo.toml")
    assert message["to"] == "{c2}"
    assert (texts(message), texts(message, "button")) == (["{{1}}"], ["{{1}}"])
    assert text.count("FILL IN") == 3
    assert folder.run("preview", "parcel_photo.toml").exit_code == exits.FINISHED


def test_what_is_still_marked_is_never_sent(folder: Folder) -> None:
    init(folder, NAMELESS, "--text", "--output", "m.toml")
    for command in (
        ["check"],
        ["send", "--yes"],
        ["send", "--dry-run"],
        ["send", "--yes", "--to", "+33612345678"],
    ):
        refused = folder.run(command[0], "m.toml", *command[1:])
        assert refused.exit_code == exits.NOTHING_SENT, refused.output
        assert "line 13 is still marked 'FILL IN: what you want to say'" in refused.output
    finished = (
        (folder.path / "m.toml").read_text(encoding="utf-8").replace("  # FILL IN: what you want to say", "")
    )
    (folder.path / "m.toml").write_text(finished, encoding="utf-8")
    assert folder.run("check", "m.toml", "--offline").exit_code == exits.FINISHED


def test_a_table_without_numbers_is_left_to_the_user(folder: Folder) -> None:
    assert (
        init(folder, NO_NUMBERS, "--template", "order_update", "--language", "de").exit_code == exits.FINISHED
    )
    text, message = written(folder, "order_update.toml")
    assert 'to = "{id}"  # FILL IN: the column with the phone numbers' in text
    assert message["body"]["template"]["language"] == "de"
    assert texts(message) == ["{name}", "{{2}}"]


def test_without_credentials_what_it_takes_is_left_to_the_user(folder: Folder) -> None:
    result = init(folder, TIDY, "--template", "anything", WA_BULK_DEV_KEY=None)
    assert result.exit_code == exits.FINISHED, result.output
    text, message = written(folder, "anything.toml")
    assert "components" not in message["body"]["template"]
    assert folder.run("check", "anything.toml", "--offline").exit_code == exits.FINISHED
    lines = text.partition("FILL IN")[2].splitlines()[2:]
    taken_in = text.partition("# FILL IN")[0] + "\n".join(line.removeprefix("# ") for line in lines)
    assert texts(tomllib.loads(taken_in)["message"]) == ["{first_name}", "{total}"]


@pytest.mark.parametrize(
    ("arguments", "kind", "body"),
    [
        (["--text"], "text", {"body": "Hello {Vorname}"}),
        (["--text", 'Hi "{Vorname}" \n\x7f{{x}}'], "text", {"body": 'Hi "{Vorname}" \n\x7f{{x}}'}),
        (["--image"], "image", {"link": "{Foto}"}),
        (
            ["--document", "https://example.com/{Kundennr}.pdf"],
            "document",
            {"link": "https://example.com/{Kundennr}.pdf"},
        ),
        (["--video"], "video", {"link": "https://example.com/fill-in.mp4"}),
        (["--sticker", "https://example.com/a.webp"], "sticker", {"link": "https://example.com/a.webp"}),
        (["--audio"], "audio", {"link": "https://example.com/fill-in.mp3"}),
    ],
)
def test_other_kinds_of_message(
    folder: Folder, arguments: list[str], kind: str, body: dict[str, str]
) -> None:
    result = init(folder, GERMAN.replace("0171 ", "+49171"), *arguments, "--output", "m.toml")
    assert result.exit_code == exits.FINISHED, result.output
    _, message = written(folder, "m.toml")
    assert message["body"] == {"type": kind, kind: body}
    assert folder.run("preview", "m.toml").exit_code == exits.FINISHED


def test_an_option_without_a_value_may_stand_before_the_recipients(folder: Folder) -> None:
    (folder.path / "people.csv").write_text(TIDY, encoding="utf-8")
    assert folder.run("init", "--text", "people.csv").exit_code == exits.FINISHED
    assert written(folder, "people.toml")[1]["body"]["text"] == {"body": "Hello {first_name}"}
    missing = folder.run("init", "--text", "Hello")
    assert missing.exit_code == exits.NOTHING_SENT
    assert "Missing argument 'RECIPIENTS'" in missing.stderr


def test_nothing_is_overwritten_or_left_half_done(folder: Folder) -> None:
    (folder.path / "order_update.toml").write_text("mine", encoding="utf-8")
    there = init(folder, TIDY, "--template", "order_update")
    assert (there.exit_code, there.stderr.splitlines()[0]) == (
        exits.NOTHING_SENT,
        "Error: order_update.toml exists already, and is not overwritten",
    )
    assert (folder.path / "order_update.toml").read_text(encoding="utf-8") == "mine"
    wrong = init(folder, TIDY, "--text", "Hello {first_nam}")
    assert wrong.exit_code == exits.NOTHING_SENT
    assert "did you mean 'first_name'?" in wrong.stderr
    assert not (folder.path / "people.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["Give --template NAME, or --text", "The account's templates: appointment_reminder, code,"]),
        (["--template", "ordr_update"], ["no template ordr_update", "Did you mean order_update?"]),
        (
            ["--template", "order_update", "--language", "en-us"],
            ["in language en-us", "en_US?"],
        ),
        (["--template", "code", "--text", "x"], ["one kind of message"]),
        (["--text", "--language", "en"], ["--language is a template's"]),
    ],
)
def test_what_cannot_be_is_told(folder: Folder, arguments: list[str], words: list[str]) -> None:
    result = init(folder, TIDY, *arguments)
    assert result.exit_code == exits.NOTHING_SENT
    assert all(word in result.stderr for word in words), result.stderr
    assert list(folder.path.glob("*.toml")) == [folder.campaign]


def test_several_languages_and_no_column_need_a_word(folder: Folder) -> None:
    result = init(folder, NAMELESS, "--template", "order_update")
    assert result.exit_code == exits.NOTHING_SENT
    assert "order_update exists in ar, de, en," in result.stderr
    assert "Give --language CODE." in result.stderr


def test_an_account_that_cannot_be_asked_is_no_hindrance(folder: Folder) -> None:
    for url in ("http://127.0.0.1:9", None):
        with vendor(lambda *_: (200, {"data": []})) as odd:
            result = init(
                folder, TIDY, "--template", "x", "--output", f"{url is None}.toml", "--base-url", url or odd
            )
        assert result.exit_code == exits.FINISHED
        assert "warning: the account's templates are not looked at: " in result.stderr


def test_one_that_this_version_cannot_read_is_marked(folder: Folder) -> None:
    odd = listed(
        "otp", "en", {"type": "BODY", "text": "Code {{1}}"}, {"type": "BUTTONS", "buttons": [{"type": "OTP"}]}
    )
    with vendor(listing(odd)) as url:
        assert init(folder, TIDY, "--template", "otp", "--base-url", url).exit_code == exits.FINISHED
    text, _ = written(folder, "otp.toml")
    assert "# FILL IN: this version cannot read what its buttons take" in text


def test_a_campaign_elsewhere_finds_its_recipients(folder: Folder) -> None:
    (folder.path / "campaigns").mkdir()
    result = init(folder, TIDY, "--template", "order_update", "--output", str(Path("campaigns") / "o.toml"))
    assert result.exit_code == exits.FINISHED
    text, _ = written(folder, "campaigns/o.toml")
    assert 'name = "o"\nrecipients = "../people.csv"\n' in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("phone,name\n", "people.csv: has a header but no rows under it"),
        (
            "+447911123456,Ada\n+447911123457,Bo\n",
            "line 1: has '+447911123456' where a column's name is expected",
        ),
        (
            "Ada;491713920001\nBo;491713920002\n",
            "line 1: has '491713920001' where a column's name is expected",
        ),
    ],
)
def test_a_table_without_a_header_or_rows_is_told(folder: Folder, table: str, words: str) -> None:
    result = init(folder, table, "--text", "Hello")
    assert result.exit_code == exits.NOTHING_SENT
    assert words in result.stderr
    assert not (folder.path / "people.toml").exists()


def test_columns_in_what_was_given_count_as_used(folder: Folder) -> None:
    for arguments in (
        ["--text", "Hi {first_name|friend}"],
        ["--image", "https://example.com/{first_name}.png"],
    ):
        init(folder, TIDY, *arguments, "--output", f"{arguments[0]}.toml")
        text, _ = written(folder, f"{arguments[0]}.toml")
        assert text.endswith("\n# Not used: total\n")
