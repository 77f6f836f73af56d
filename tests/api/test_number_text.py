import re

import pytest

from wa_bulk.api.number_text import read_written


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("\u200b", "is empty but for U+200B"),
        ("\u2060\ufeff", "is empty but for U+2060"),
        ("'", "is empty"),
        ("()", "no digits"),
        ("+", "no digits"),
        ("1 " * 51, "more than 100 characters"),
        ("1" * 101, "more than 100 characters"),
        ("a" * 90 + "!", "has 'aaa"),
        ("unknown 5", "has 'unknown' in it"),
        ("4.47912E+11", "spreadsheet"),
        ("4,47912E+11", "spreadsheet"),
        ("8.6138E12", "spreadsheet"),
        ("-4.47912E+11", "spreadsheet"),
        ("447911123456.5", "decimals"),
        ("447911123456,5", "decimals"),
        ("+49 30 1234567.0", "decimals"),
        ("447,911,123,456", "thousands"),
        ("447,911,123,456.00", "thousands"),
        ("+447911\u0000123456", "has U+0000 in it"),
        ("+44791112345²", "has '²' (U+00B2) in it"),
        ("+44 7911 12345é", "has 'é' (U+00E9) in it"),
        ("+44791112345\u0301", "has '\u0301' (U+0301) in it"),
        ("+44791112345x", "has 'x' in it"),
        ("1-800-FLOWERS", "has 'FLOWERS' in it"),
        ("tel:+447911123456", "has 'tel' in it"),
        ("+447911〜123456", "has '〜' (U+301C) in it"),
        ("++447911123456", "has '+' in it"),
        ("#N/A", "'#'"),
        ("+44 (0)7911 (0)", "in brackets"),
        ("+44 7911 (0)123456", "(0) in it, which belongs right after a country code only"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        read_written(written)


@pytest.mark.parametrize("minus", ["-", "\u2212", "\u2010", "\u2013", "\u2014", "\ufe63", "\uff0d", "\u207b"])
@pytest.mark.parametrize(
    "written",
    ["{}85298765370", "{} 85298765370", " {}85298765370.0", "+{}85298765370", "{}+85298765370",
     "({}85298765370)", "85298765370{}", "\u200b{}\u200b85298765370"],
)  # fmt: skip
def test_a_minus_before_or_after_the_digits_is_a_calculated_figure(written: str, minus: str) -> None:
    with pytest.raises(ValueError, match="negative figure"):
        read_written(written.format(minus))


@pytest.mark.parametrize("written", ["(85298765370)", "(85.298.765.370)", "（85298765370）"])
def test_a_figure_in_brackets_is_what_accountants_make_of_a_minus(written: str) -> None:
    with pytest.raises(ValueError, match="negative figure"):
        read_written(written)


@pytest.mark.parametrize(
    "behind",
    [" x136", "x136", " ext. 136", " Ext 136", " extension 136", ";ext=136", "#136", " # 136", " (ext 136)",
     " доб. 136", ",136", " int. 5", " (136)", "(136)", " [136]", " /136", "/8123", " / 8123"],
)  # fmt: skip
def test_an_extension_is_refused(behind: str) -> None:
    with pytest.raises(ValueError, match=r"extension|has ',' in it"):
        read_written("+49 30 1234567" + behind)


@pytest.mark.parametrize(
    "between",
    [", ", ",", ";", " / ", "/", " or ", " oder ", " and ", " & ", " | ", "\n", "\r\n", "\u2028", " y "],
)
@pytest.mark.parametrize("second", ["+447911123457", "07911123457", "7911 123457", "+44 7911 123457"])
def test_two_numbers_are_refused(between: str, second: str) -> None:
    with pytest.raises(ValueError, match=r"two numbers|a second number|has '\+' in it"):
        read_written("+44 7911 123456" + between + second)


@pytest.mark.parametrize("between", [" ", "  ", ""])
def test_two_numbers_with_nothing_between_are_refused(between: str) -> None:
    with pytest.raises(ValueError, match=r"has '\+' in it"):
        read_written("+447911123456" + between + "+447911123457")


@pytest.mark.parametrize(
    ("written", "digits", "international"),
    [
        ("447911123456", "447911123456", False),
        ("+447911123456", "447911123456", True),
        ("00447911123456", "447911123456", True),
        ("(0044) 7911 123456", "447911123456", True),
        ("44 (0)7911 123456", "4407911123456", True),
        ("［44］7911．123456", "447911123456", False),
        ("+44\t7911/123456", "447911123456", True),
        ("07911/123456/", "07911123456", False),
        ("'07911123456", "07911123456", False),
    ],
)
def test_digits_and_whether_they_carry_a_country_code(written: str, digits: str, international: bool) -> None:
    found = read_written(written)
    assert (found.digits, found.international) == (digits, international)


@pytest.mark.parametrize(
    ("written", "like_national"),
    [
        ("44 7911 123456", False),
        ("1-212-555-0147", False),
        ("1 (212) 555-0147", False),
        ("447911 123456", False),
        ("212-555-0147", True),
        ("212/555-0147", True),
        ("(212) 555 0147", True),
        ("(44) 7911 123456", True),
        ("- 07911 123456".removeprefix("- "), True),
        ("612 345 678", True),
        ("4479 1112 3456", True),
        ("61 23 45 67 89", False),
    ],
)
def test_the_way_people_write_within_a_country_is_told(written: str, like_national: bool) -> None:
    assert read_written(written).like_national is like_national


def test_a_slash_after_an_area_code_parts_one_number() -> None:
    assert read_written("+49 30/1234567").parted
    assert read_written("030/1234567").parted
    assert not read_written("+49 30 1234567/").parted
