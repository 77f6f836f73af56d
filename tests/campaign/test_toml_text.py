"""What is wrong with a text that should be TOML, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.campaign.toml_text import TomlError, parse


@pytest.mark.parametrize(
    ("text", "what", "marked", "mend"),
    [
        ("name = orders", "text stands in quotes", "orders", 'Write: name = "orders"'),
        ("a = 1\nfrom = +49 151 1", "text stands in quotes", "+49", 'Write: from = "+49 151 1"'),
        ("from = 0049", "text stands in quotes", "0049", 'Write: from = "0049"'),
        ("to = {phone}", "a placeholder stands in quotes", "{phone}", 'Write: to = "{phone}"'),
        ("name = “orders”", "“ is a typographic quote", "“", 'Write: name = "orders"'),
        ('name = "orders”', "” is a typographic quote", "”", 'Write: name = "orders"'),
        (r'p = "C:\Users\a"', "a backslash begins an escape", r"\Users", r"Write 'C:\Users\a' in single"),
        (r'p = "a\d"', "a backslash begins an escape", r"\d", r"Write 'a\d' in single quotes"),
        ("rate = 80\nx = 1\nrate = 90", "rate is set twice, first in line 1", "rate = 90", "Delete one"),
        ("[m]\na = 1\n[m]", "[m] is there twice, first in line 1", "[m]", "Make one of both"),
        ('name "x"', "there is no = between key and value", '"x"', 'Write: name = "x"'),
        ("name: x", "not a colon", ": x", 'Write: name = "x"'),
        ('name = "x\nrate = 1', "the text that is opened here is not closed", '"x', 'Close it with "'),
        ("name = 'x", "the text that is opened here is not closed", "'x", "Close it with '"),
        ('body = """x\ny\n', 'the text that """ opens is not closed', '"""x', 'Close it with """'),
        ("p = [\n1,\n2\n", "[ is not closed, or a comma", "[", "Close it with ]"),
        ('b = { t = "x" u = 1 }', "a comma is missing", "u = 1", ""),
        ("b = { t = 1,\n u = 2 }", "stands in one line", "", ""),
        ("[message", "the name of a table is not closed", "[message", "Write: [message]"),
        ("rate = ", "there is no value behind rate =", "", ""),
        ("track = True", "True is no value", "True", "Write: track = true"),
        ("rate = 80/s", "a number has no unit", "80/s", "Write: rate = 80"),
        ("rate = 1,000", "a number has no comma", "1,000", "Write: rate = 1000"),
        ("a = 1 b = 2", "there are two keys in this line", "b = 2", "Each has a line of its own"),
        ("a = 'it's'", "the text ends before its end", "s'", 'between "'),
        ("a\u00a0= 1", "U+00A0 looks like a blank and is none", "\u00a0", "type the line's blanks again"),
        ("\u200ba = 1", "U+200B cannot be seen", "\u200b", "Delete it"),
        ("// hello", "this is no line of TOML", "// hello", "a comment behind a #"),
    ],
)
def test_the_line_is_shown_with_a_mark_and_how_to_mend_it(
    text: str, what: str, marked: str, mend: str
) -> None:
    with pytest.raises(TomlError) as caught:
        parse(text.encode())

    said, line, mark, *rest = str(caught.value).split("\n")
    assert said.startswith("is not TOML: ")
    assert what in said
    number, _, shown = line.partition(" | ")
    assert int(number) == caught.value.line
    assert shown == text.split("\n")[int(number) - 1]
    assert line[mark.index("^") :].startswith(marked)
    assert mend in "\n".join(rest)


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"a = 1\nb = " + b"1" * 5000, "a number of thousands of digits", 2),
        (b"[m]\nb = " + b"1" * 400, "m.b: is a number beyond", None),
        (b"a = -9223372036854775809", "beyond", None),
        (b"[m]\nb = [1, nan]", "m.b = nan: expected a number that JSON can hold", None),
        (b"a = { b = -1e400 }", "a.b = -inf: expected", None),
        (b".".join([b"a"] * 900) + b" = 1", "a: is nested too deeply", None),
        (b"a = " + b"[" * 5000, "nested too deeply", None),
        ('a = "é"'.encode("cp1252"), "is not UTF-8 text (byte 6); save it as UTF-8\nAs Windows-1252", 1),
        ('a = "é"'.encode("utf-16"), "UTF-16", None),
    ],
)
def test_what_no_request_can_hold_is_refused(data: bytes, words: str, line: int | None) -> None:
    with pytest.raises(TomlError) as caught:
        parse(data)
    assert words in str(caught.value)
    assert caught.value.line == line


def test_a_long_line_is_shown_around_the_place() -> None:
    with pytest.raises(TomlError) as caught:
        parse(b"a = [" + b'"x", ' * 1000 + b"oops, " + b'"y", ' * 1000 + b"]")
    assert max(map(len, str(caught.value).split("\n"))) < 140


_pieces = st.sampled_from(
    ['"', "'", "=", "[", "]", "{", "}", "\n", "\\", ",", " ", "a", "1", "“", ":", "#", '"""', ".", "\r", "\0"]
)


@given(st.lists(_pieces, max_size=40).map("".join))
def test_whatever_is_written_ends_in_a_table_or_in_words(text: str) -> None:
    try:
        assert isinstance(parse(text.encode()), dict)
    except TomlError as error:
        assert str(error)
