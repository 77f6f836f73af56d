"""Values that a program left behind, and those that only look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.campaign.doubtful_value import may_be_doubtful, value_doubt

DOUBTFUL = {
    "an error that a spreadsheet shows": [
        "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
        "#NV", "#BEZUG!", "#WERT!", "#¡REF!", "#N/D", "Err:502",
        "#N/B", "#¿NOMBRE?", "#DEĞER!", "#YOK", "#HIÁNYZIK", "#Н/Д", "#ССЫЛКА!", "#ΤΙΜΗ!", "Fehler:509",
        "Ada #N/A", "Dear #REF!",
    ],
    "where a column is too narrow": [
        "###", "########",
    ],
    "which stands for no value": [
        "NULL", "null", "(null)", "<null>", "\\N", "nil", "None", "NaN", "nan", "<NA>", "NaT",
        "undefined", "[object Object]", "N/A", "n/a", "-", "—", "Invalid Date",
    ],
    "where there is no date": [
        "0000-00-00", "1899-12-30", "1900-01-00", "00/01/1900", "30.12.1899",
    ],
    "a figure that a spreadsheet has rounded": [
        "4.47912E+11", "1E+10", "4,47E+11",
    ],
    "a formula and not what it gives": [
        "=…", "=VLOOKUP(A2;B:C;2)", "=A2&\" \"&B2", '="Ada"', "=1+2",
    ],
    "with U+FFFD where a letter was lost": [
        "Jos\ufffd", "\ufffd",
    ],
    "with ? where a letter was lost": [
        "Jos?e", "????",
    ],
    "in the wrong encoding": [
        "FranÃ§ois", "ZoÃ©", "JosÃ© M", "Ã©lodie", "KÃ–LN", "kundeÂ®", "РџСЂРёРІРµС‚", "РћР»СЊРіР°",
        "Ã¼ber", "donâ€™t", "â‚¬ 5", "Â£5", "ÐžÐ»ÑŒÐ³Ð°", "ðŸ˜€", "√©tude",
        "\xc5\xa0koda", "Ù†ÙˆØ±", "\xe6\x9d\u017d\xe9\u203a\xb7",
        "Èâàí Ïåòðîâ", "ÕÅÎ°", "±èÃ¶¼ö",
    ],
    "a placeholder that nobody filled": [
        "{{1}}", "{{ first_name }}", "Dear {name}", "*|FNAME|*",
        "%first_name%", "%%name%%", "<%= name %>", "%(name)s",
    ],
    "people would see as it stands": [
        "Tom &amp; Ada", "caf&eacute;", "Tom&#39;s", "one<br>two", "one\\ntwo", "Zo\\u00eb",
    ],
    "which cannot be seen": [
        "Ada\xa0", "\u200bAda", "Ada\ufeff", "\u3000Ada", "Ada\u3164", "\u200eAda",
    ],
    "which phones do not show": [
        "A\u200bda", "A\u202eda", "A\x07da", "A\ue000da", "A\xadda",
    ],
}  # fmt: skip

FINE = [
    "Ada", "Zoë", "François", "ZOÉ", "ZOÉ”", "SÃO PAULO", "São Tomé", "Ñandú", "Ørsted", "Åre",
    "Ärzte", "Łódź", "İpek", "Ольга", "СССР", "Рі", "Сёстры Рёв", "РФ", "Ελένη", "نور",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "अनन्या", "さくら", "陳美玲", "김민준", "ሰላም", "❤️",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "🇬🇧", "10 – 20", "½", "€50", "«Éric»", "“États”",
    "TRUE", "none", "45678", "#1234", "#hashtag", "C# and F#", "AT&T", "R&D;", "a < b", "What?",
    "See https://x.example/p?a=1",
    "Who? Me?", "C:\\new", "{", "}", "x@y.example", "O'Brien", "12e5", "1.5", "-5", "=", "= 5",
    "na", "Nan", "Nil", "a\xa0b", "two\nlines", "Null & Co.",
    "20% off, 5% more", "100%", "5 * 3", "#winning!", "#1!", "Room:512", "ÀÉÈ", "éééé", "————",
    "https://x.example/%C3%A9t%C3%A9",
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_what_may_well_be_meant_is_not_told_of(text: str) -> None:
    assert value_doubt(text) is None


@pytest.mark.parametrize(
    ("words", "text"), [(words, text) for words, texts in DOUBTFUL.items() for text in texts]
)
def test_what_a_program_left_behind_is_told_of(words: str, text: str) -> None:
    doubt = value_doubt(text)
    assert doubt is not None
    assert words in doubt
    assert may_be_doubtful(["Ada", text, "Zoë"])


def test_what_was_meant_is_said_where_it_can_be_told() -> None:
    assert "probably 'François Müller' is meant" in str(value_doubt("FranÃ§ois MÃ¼ller"))


@pytest.mark.parametrize(
    "link", ["https://x.example/a?b=c&d=e", "https://x.example/a?b", "https://x.example/\\n"]
)
def test_in_a_link_some_of_it_is_right(link: str) -> None:
    assert value_doubt(link, in_link=True) is None


@given(st.lists(st.text(max_size=8) | st.sampled_from(FINE), min_size=1, max_size=4))
def test_the_quick_test_passes_over_nothing(cells: list[str]) -> None:
    if any(value_doubt(cell) for cell in cells):
        assert may_be_doubtful(cells)
