"""Numbers in custom_args, links, and literal braces."""

import json
import tomllib
from pathlib import Path

import pytest

from wa_bulk.campaign.file import CampaignError, CampaignFile
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused, compile_campaign

PHONE = "+447911123456"
HI = 'body = { type = "text", text = { body = "Hi" } }\n'


def compiled(message: str, *columns: str) -> Blueprint:
    table = tomllib.loads('to = "{phone}"\n' + message)
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=table, track=False)
    return compile_campaign(file, ["phone", *columns], "r")


@pytest.mark.parametrize(
    ("placeholder", "cell", "value"),
    [
        ("{n}", "7", "7"),
        ("{n:int}", "7", 7),
        ("{n:int}", " -7 ", -7),
        ("{n:int}", "12500.0", 12500),
        ("{n:int|0}", "", 0),
        ("{n:float}", "12.50", 12.5),
        ("{n:float}", "-1e3", -1000.0),
        ("{n:float}", "7", 7.0),
    ],
)
def test_a_value_of_custom_args_may_be_a_number(placeholder: str, cell: str, value: object) -> None:
    blueprint = compiled(HI + f'custom_args = {{ n = "{placeholder}" }}', "n")
    found = json.loads(blueprint.render(1, [PHONE, cell]).payload)["custom_args"]["n"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("placeholder", "cell", "words"),
    [
        (
            "{n:int}",
            "12.5",
            "n is '12.5', not a whole number: expected a whole number of 64 bits (custom_args.n)",
        ),
        ("{n:int}", "12500.01", "n is '12500.01', not a whole number"),
        ("{n:int}", "12.500", "n is '12.500', not a whole number"),
        ("{n:int}", "", "n is empty: fill it, or write {n|…} (custom_args.n)"),
        ("{n:float}", "12,50", "n is '12,50', not a number: expected a number such as 12.5 (custom_args.n)"),
        ("{n:float}", "nan", "n is 'nan', not a number"),
        ("{n:float}", "1e999", "n is '1e999': expected a number such as 12.5"),
    ],
)
def test_what_is_no_number_is_refused(placeholder: str, cell: str, words: str) -> None:
    blueprint = compiled(HI + f'custom_args = {{ n = "{placeholder}" }}', "n")
    with pytest.raises(RowRefused) as refusal:
        blueprint.render(1, [PHONE, cell])
    assert str(refusal.value).startswith(words)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('body = { type = "text", text = { body = "{n:int}" } }', "text.body: takes text; expected {n}"),
        (HI + 'custom_args = { n = "no. {n:int}" }', "expected one placeholder alone, for a number"),
        (HI + 'custom_args = { n = "{n:int|none}" }', "the fallback is 'none', not a whole number"),
        (HI + 'custom_args = { n = "{n:integer}" }', "has {n:integer} in it; expected {n:int} or {n:float}"),
    ],
)
def test_a_number_where_none_can_be_is_said(message: str, words: str) -> None:
    with pytest.raises(CampaignError) as refusal:
        compiled(message, "n")
    assert words in str(refusal.value)


def link(text: str, *cells: str) -> str:
    columns = [f"c{i}" for i, _ in enumerate(cells)]
    blueprint = compiled(f'body = {{ type = "image", image = {{ link = "{text}" }} }}', *columns)
    found = json.loads(blueprint.render(1, [PHONE, *cells]).payload)["body"]["image"]["link"]
    assert isinstance(found, str)
    return found


def test_a_placeholder_within_a_link_is_percent_encoded() -> None:
    assert (
        link("https://x.example/{c0}.pdf", "Für Zoë #1?")
        == "https://x.example/F%C3%BCr%20Zo%C3%AB%20%231%3F.pdf"
    )
    assert (
        link("https://x.example/a?q={c0}&r={c1}", "a&b=c", "100%")
        == "https://x.example/a?q=a%26b%3Dc&r=100%25"
    )
    assert link("https://x.example/{c0}", "2026/05/a.png") == "https://x.example/2026/05/a.png"
    assert link("https://x.example/{c0|no name}", "") == "https://x.example/no%20name"


def test_a_placeholder_that_is_the_whole_link_or_its_beginning_is_not() -> None:
    whole = "https://x.example/F%C3%BCr?a=1&b=%20#c"
    assert link("{c0}", whole) == whole
    assert link("{c0}/{c1}", "https://x.example:8080/a", "b c") == "https://x.example:8080/a/b%20c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://x.example/a b", "has a blank in it"),
        ("https://x.example/a\u200bb", "has U+200B in it, which cannot be seen"),
        ("\ufeffhttps://x.example/", "has U+FEFF in it"),
        ("https://", "is 'https://', without a host"),
        ("https:///a.png", "without a host"),
        ("https://:80/a.png", "without a host"),
        ("https://x.example:99999/", "has the port '99999', where 1 to 65535 are possible"),
        ("https://x.example:/", "has the port ''"),
        ("https://https://x.example", "two links, or one that begins twice"),
        ("https://x.example,http://y.example", "two links, or one that begins twice"),
        ("https://x.example:8o/", "has the port '8o'"),
        ("ftp://x.example/a", "does not begin with http:// or https://"),
        ("www.x.example/a", "does not begin with http:// or https://"),
    ],
)
def test_a_link_that_cannot_be_followed_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        link("{c0}", text)
    assert str(refusal.value).startswith("c0 ")
    assert words in str(refusal.value)
    assert str(refusal.value).endswith("expected an http:// or https:// link (body.image.link)")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("Hi {{name}}", "{{name}} is sent as it stands, as {name}; for the column, write {name}"),
        (
            "Hi {{1}}",
            "{{1}} is sent as it stands, as {1}; a template's variables are filled from the parameters",
        ),
        (
            "Hi {{first name}}",
            "{{first name}} is sent as it stands, as {first name}; for the column, write {column}",
        ),
        ("Hi [Name]", "[Name] is sent as it stands; for the column, write {name}"),
        ("Hi %NAME%", "%NAME% is sent as it stands"),
        ("Hi <name>", "<name> is sent as it stands"),
        ("Hi *|NAME|*", "*|NAME|* is sent as it stands"),
        ("GrÃ¼ÃŸe {name}", "is 'GrÃ¼ÃŸe ', read in the wrong encoding; probably 'Grüße ' is meant"),
        ("Gr\ufffd {name}", "is 'Gr\ufffd ', with U+FFFD where a letter was lost"),
        ("Tom &amp; {name}", "has '&amp;' in it, which people would see as it stands"),
        ("Hi {name}, {{{name}}}", None),
        ("50% off, [now], <3, {{a: 1}}", None),
    ],
)
def test_what_looks_like_a_placeholder_and_is_none_is_warned_of(text: str, warning: str | None) -> None:
    found = compiled(f'body = {{ type = "text", text = {{ body = "{text}" }} }}', "name").warnings
    found = [one for one in found if "24 hours" not in one]
    if warning is None:
        assert found == []
    else:
        assert found[0].startswith(f"body.text.body: {warning}")


def test_an_unlikely_language_is_told_with_the_nearest() -> None:
    message = 'body = { type = "template", template = { name = "n", language = "{l}" } }'
    blueprint = compiled(message, "l")
    assert b"es_419" in blueprint.render(1, [PHONE, "es_419"]).payload
    with pytest.raises(RowRefused, match=r"^l is 'en GB'; did you mean 'en_GB'\?"):
        blueprint.render(1, [PHONE, "en GB"])
    with pytest.raises(RowRefused, match=r"^l is 'German'; did you mean 'de'\?"):
        blueprint.render(1, [PHONE, "German"])
