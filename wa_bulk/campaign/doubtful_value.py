"""Values that are probably not what somebody meant to send: traces of the program that a file came from.

Each is sent as it stands, so each is a warning. What may as well be meant (TRUE, 45678 for a date, a word
such as "none") is not told of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from wa_bulk.api.errors import shortened
from wa_bulk.api.invisible import INVISIBLE, code_points
from wa_bulk.campaign.sources.encoding_guess import guess_encoding

_NO_VALUE = frozenset(
    "NULL null Null (null) (NULL) <null> <NULL> [null] [NULL] \\N nil <nil> None <NA> NA N/A n/a N.A. n.a. "
    "NaN nan NAN -nan NaT undefined Undefined UNDEFINED [undefined] (undefined) (none) (blank) (empty) - -- "
    "--- – — . ? #N/A #NA #NV #N/B #N/D #I/T #N/DISP #HIÁNYZIK #OGILTIGT #PUUTTUU #YOK #Н/Д #Δ/Υ #ERROR "
    "#GETTING_DATA #VALUE #REF".split()
) | {"[object Object]", "Invalid Date", "Invalid date", "undefined undefined", "null null", "None None"}
_NO_DATE = frozenset(
    "0000-00-00 0000/00/00 00.00.0000 00/00/0000 1900-01-00 1899-12-30 1899-12-31 00/01/1900 "
    "01/00/1900 12/30/1899 30/12/1899 30.12.1899 0001-01-01 01/01/0001 01.01.0001".split()
)
_CALC_ERRORS = frozenset(
    f"{word}:{number}"
    for word in ("Err", "Erro", "Erreur", "Erreur ", "Fehler", "Fout", "Fel", "Błąd", "Ошибка")
    for number in range(501, 541)
)
WORDS = _NO_VALUE | _NO_DATE | _CALC_ERRORS
"""Whole cells that are doubtful."""

_ODD_ASCII = r"#{}=?&<+%*\\\x00-\x09\x0b-\x1f\x7f"
_ODD = r"\x80-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200b\u200e-\u200f"
_ODD += r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufeff\uffa0\ufff0-\uffff"
_LEADS = r"\xc2-\xf4√‚"
"""What the first byte of a letter in UTF-8 is read as, in Windows-1252 and on a Mac."""
# Each is a set of characters first, which a search passes over many others for.
_odd_in_ascii = re.compile(f"[{_ODD_ASCII}]").search
_odd_anywhere = re.compile(f"[{_ODD_ASCII}{_ODD}]").search
_CYRILLIC_SECONDS = bytes(byte for byte in range(0x80, 0xC0) if byte != 0x98).decode("cp1251")
_is_cyrillic_mojibake = re.compile(rf"(?:[РС][{_CYRILLIC_SECONDS}]){{2,}}").fullmatch
"""What is left of Cyrillic text whose UTF-8 was read as Windows-1251, as programs in the East do."""
_may_be_mojibake = re.compile(rf"[{_LEADS}][^\x00-\x7f]|[РС][{_CYRILLIC_SECONDS}][РС]").search

_ends_link = re.compile(r'[\s<>"]').search
_may_be_error = re.compile(r"#[¡¿]?[^\W\d_][\w/ ]{1,20}[!?]").fullmatch
_error_within = re.compile(r"#(?:N/A\b|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)").search
_is_filler = re.compile(r"#{3,}").fullmatch
_is_rounded = re.compile(r"-?[0-9][.,]?[0-9]*[eE]\+[0-9]{1,3}").fullmatch
_is_formula = re.compile(
    r"=\s*(?:[A-Za-z.]+\(|\$?[A-Z]{1,3}\$?[0-9]|[\"{…]|[-+(]*[0-9.]+\s*[-+*/^&]).*", re.DOTALL
).fullmatch
_is_question = re.compile(r"\?{2,}").fullmatch
_lost_letter = re.compile(r"[^\W\d_]\?[^\W\d_]").search
_placeholder = re.compile(
    r"\{\{?\s*\w[\w .-]{0,60}\}\}?|\*\|\w[\w .:-]{0,60}\|\*|<%=?\s*\w[\w .-]{0,60}%>|%\(\w{1,60}\)s"
).search
_percent_placeholder = re.compile(r"%%?[A-Za-z_][\w.-]{0,60}%%?").search
"""As programs, shops and newsletters write them: {{name}}, *|NAME|*, <%= name %>, %(name)s, %name%."""
_markup = re.compile(
    r"&(?:#[0-9]{2,6}|#x[0-9A-Fa-f]{2,6}|amp|lt|gt|quot|apos|nbsp|szlig|euro|"
    r"[A-Za-z]{1,2}(?:acute|grave|uml|circ|tilde|cedil|ring|slash|caron|lig));|</?[A-Za-z][A-Za-z0-9]{0,9}\s*/?>"
).search
_escape = re.compile(r"\\(?:[nrt]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})").search
_edge = re.compile(rf"[\s{INVISIBLE}]*").match
_inside = re.compile(
    r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u2028-\u202e\u2060\u2066-\u206f\ue000-\uf8ff\ufeff\ufff0-\ufffc"
    r"\ufffe\uffff]"
).findall
_RIGHT_AT_THE_END = dict.fromkeys(map(ord, " \n\ufe0f\u200d"))
_accents = re.compile(r"[^\x00-\xa0]{4,}").findall
_LATIN_1_LETTERS = frozenset(map(chr, range(0xC0, 0x100))) - {"×", "÷"}
_ACCENTS_MIN = 3
"""Different letters of a word that are more than a language has in a row."""
_OF_THE_WEST = ("cp1252", "cp1254", "cp1250", "mac-roman", "cp850")
_not_ascii = re.compile(r"[^\x00-\x7f]{2,}").finditer


def may_be_doubtful(cells: Sequence[str]) -> bool:
    """Return quickly whether one of a row's cells is worth asking `value_doubt` about; not all are."""
    if not WORDS.isdisjoint(cells):
        return True
    text = "\n".join(cells)
    if text.isascii():
        return _odd_in_ascii(text) is not None
    return _odd_anywhere(text) is not None or _may_be_mojibake(text) is not None


def value_doubt(text: str, *, in_link: bool = False) -> str | None:
    """Say what makes a cell's text doubtful, in words that go on after the column's name; or None.

    `in_link`: the cell stands in a link, where some of it would be right.
    """
    if text in _NO_DATE:
        return f"is {text!r}, which a program writes where there is no date"
    if _is_error(text):
        return f"is {shortened(text)}, an error that a spreadsheet shows in place of a value"
    if text in _NO_VALUE:
        return f"is {text!r}, which stands for no value"
    if _is_filler(text):
        return f"is {shortened(text)}, which a spreadsheet shows where a column is too narrow"
    if _is_rounded(text):
        return f"is {text!r}, a figure that a spreadsheet has rounded"
    if _is_formula(text):
        return f"is {shortened(text)}, a formula and not what it gives"
    is_plain_text = not in_link and "://" not in text
    if is_plain_text and (_is_question(text) or _lost_letter(text)):
        return f"is {shortened(text)}, with ? where a letter was lost"
    if found := _placeholder(text) or (_percent_placeholder(text) if is_plain_text else None):
        return f"has '{found[0]}' in it, a placeholder that nobody filled"
    return text_doubt(text, in_link=in_link) or _edge_doubt(text)


def link_doubt(text: str) -> str | None:
    """Say why a cell's text cannot stand within a link in a text, where nothing is encoded; or None."""
    if (end := _ends_link(text)) is None:
        return None
    return (
        f"is {shortened(text)}, and the link that it stands in ends at {end[0]!r}: write it "
        "percent-encoded in the table, such as %20 for a blank"
    )


def _is_error(text: str) -> bool:
    """Return whether a cell is an error of a spreadsheet, in whichever language its program speaks."""
    if text in _CALC_ERRORS or (text[:1] == "#" and text in _NO_VALUE):
        return True
    return _may_be_error(text) is not None and text == text.upper()


def text_doubt(text: str, *, in_link: bool = False) -> str | None:
    """Say what makes any text doubtful, a campaign's own too; as `value_doubt`."""
    if "\ufffd" in text:
        return f"is {shortened(text)}, with U+FFFD where a letter was lost"
    if (meant := _mojibake(text)) is not None:
        return f"is {shortened(text)}, read in the wrong encoding; probably {shortened(meant)} is meant"
    if found := _error_within(text):
        return f"has {found[0]!r} in it, an error that a spreadsheet shows in place of a value"
    found = _markup(text)
    if found is None and not in_link and ":\\" not in text:  # which begins a path of Windows
        found = _escape(text)
    if found:
        return f"has '{found[0]}' in it, which people would see as it stands"
    return None


def _edge_doubt(text: str) -> str | None:
    # The end is found from behind: a search forwards takes quadratic time.
    around = "".join(found[0] for found in (_edge(text), _edge(text[::-1])) if found is not None)
    if around := around.translate(_RIGHT_AT_THE_END):
        return f"begins or ends with {code_points(around)}, which cannot be seen"
    if found := _inside(text):
        return f"has {code_points(''.join(found))} in it, which phones do not show"
    return None


def _mojibake(text: str) -> str | None:
    """Return what a text was before its UTF-8 was read as Windows-1252, as programs in the West do, as
    Windows-1251 or as a Mac's encoding; None where it never was."""
    if text.isascii():
        return None
    parts: list[str] = []
    end = 0
    for run in _not_ascii(text):
        meant = None if _ends_in_capitals(text, *run.span()) else _decoded(run[0])
        if meant is not None:
            parts += [text[end : run.start()], meant]
            end = run.end()
    return "".join([*parts, text[end:]]) if end else _foreign_word(text)


def _foreign_word(text: str) -> str | None:
    """Return what the first word was that is all accents: its bytes, of an encoding that is not of the West,
    were read as Windows-1252."""
    for run in _accents(text):
        if len(set(_LATIN_1_LETTERS.intersection(run))) < _ACCENTS_MIN:
            continue
        with suppress(UnicodeError):
            data = run.encode("cp1252")
            if (guess := guess_encoding(data)) is not None and guess.encoding not in _OF_THE_WEST:
                return str(data, guess.encoding)
    return None


def _ends_in_capitals(text: str, start: int, end: int) -> bool:
    """Return whether a run is the end of a word in capitals, with a mark behind it: “CAFÉ”, not ZoÃ©."""
    capital, marks = text[start], text[start + 1 : end]
    if capital not in "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝØ" or not set(marks) <= _MARKS:
        return False
    is_within_word = capital in "ÃÄÅ" and text[end : end + 1].isalpha()
    return not (text[max(0, start - 1) : start].islower() or is_within_word)


def _decoded(run: str) -> str | None:
    """Return the UTF-8 that a run of letters is, read byte by byte."""
    if _is_cyrillic_mojibake(run):
        return run.encode("cp1251").decode("utf-8")
    for encoding in ("cp1252", "mac_roman") if run[0] in "√‚" else ("cp1252",):
        try:
            # Windows-1252 has no letter for five of the bytes, which stand for themselves then.
            data = b"".join(
                character.encode("latin-1" if "\x80" <= character <= "\x9f" else encoding)
                for character in run
            )
            return data.decode("utf-8")
        except UnicodeError:
            continue
    return None


_MARKS = frozenset("“”‘’„‚…–—»›™®©")
