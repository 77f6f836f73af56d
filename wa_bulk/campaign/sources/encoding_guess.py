"""Which encoding bytes that are no UTF-8 may have, for a person to judge: it is never applied unasked."""

from __future__ import annotations

import re

from msgspec import Struct

SAMPLE_BYTES = 1 << 14
_ENOUGH = 0.7
_LATIN_RUN_MAX = 4
"""Letters with accents that stand together in a word, as in Żółć."""


class Guess(Struct, frozen=True):
    """An encoding: Python's name, and the one that people know."""

    encoding: str
    name: str


class _Candidate(Struct, frozen=True):
    """`usual` matches the characters that its texts have beyond ASCII, `common` those that most of them are.

    `latin`: its words mix them with ASCII letters.
    """

    encoding: str
    name: str
    usual: str
    common: str = ""
    latin: bool = False


_MARKS = "’‘“”–…"
_WEST = "àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝŸ" + _MARKS
_CENTRE = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽäôľĺŕöüőűăâîșțşţđÄÔĽŐŰÖÜĂÂÎŞŢĐ" + _MARKS
_HAN = "\u4e00-\u9fff\u3000-\u303f\uff00-\uffef"
_COMMON_HAN = (
    "的一是不了人我在有他中大来來国國小明文王李张張刘劉陈陳杨楊黄黃赵趙周吴吳徐孙孫马馬胡郭林何高梁郑鄭罗羅谢謝"
    "许許伟偉芳丽麗强強军軍平华華红紅金先生女士姐名字电電话話客户戶订訂单單额額"
)
_CANDIDATES = (
    _Candidate("cp1252", "Windows-1252 (Western Europe)", _WEST, latin=True),
    _Candidate("cp1254", "Windows-1254 (Turkish)", "çÇğĞıİöÖşŞüÜ" + _MARKS, latin=True),
    _Candidate("cp1250", "Windows-1250 (Central Europe)", _CENTRE, latin=True),
    _Candidate("mac-roman", "Mac Roman", _WEST, latin=True),
    _Candidate("cp850", "DOS code page 850", _WEST, latin=True),
    _Candidate("cp1251", "Windows-1251 (Cyrillic)", "\u0400-\u045f", "оеаинтсрвлкм"),
    _Candidate("koi8-r", "KOI8-R (Cyrillic)", "\u0410-\u044fёЁ", "оеаинтсрвлкм"),
    _Candidate("cp1253", "Windows-1253 (Greek)", "\u0384-\u03ce", "αοιετσνρςίόάώ"),
    _Candidate("cp1255", "Windows-1255 (Hebrew)", "\u05b0-\u05f4", "יוהלארתבשמנדכ"),
    _Candidate("cp1256", "Windows-1256 (Arabic)", "\u060c-\u0652", "اليمنورتبدحع"),
    _Candidate("cp932", "Shift JIS (Japanese)", "\u3040-\u30ff\u4e00-\u9fff\u3000-\u303f", "\u3040-\u30ff"),
    _Candidate("euc-kr", "EUC-KR (Korean)", "\uac00-\ud7a3", "\uac00-\ud7a3"),
    _Candidate("big5", "Big5 (Chinese, traditional)", _HAN, _COMMON_HAN),
    _Candidate("gb18030", "GB 18030 (Chinese)", _HAN, _COMMON_HAN),
)


def guess_encoding(found: bytes) -> Guess | None:
    """Guess from bytes with some that are no UTF-8 among the first; None where nothing fits well."""
    sample = found[:SAMPLE_BYTES]
    if len(found) > SAMPLE_BYTES:  # it may end within a character
        sample = sample[: sample.rfind(b"\n") + 1]
    score, best = max(
        ((_score(sample, candidate), candidate) for candidate in _CANDIDATES), key=lambda scored: scored[0]
    )
    return Guess(best.encoding, best.name) if score >= _ENOUGH else None


def _score(sample: bytes, candidate: _Candidate) -> float:
    """Return the share of the characters beyond ASCII that are usual, and stand where they usually do."""
    try:
        text = sample.decode(candidate.encoding)
    except UnicodeDecodeError:
        return 0.0
    found = re.findall(r"[^\x00-\x7f]", text)
    if not found:
        return 0.0
    usual = f"[{candidate.usual}]"
    if candidate.latin:
        runs = re.finditer(f"([A-Za-z]?)({usual}+)([A-Za-z]?)", text)
        fitting = sum(len(run[2]) for run in runs if _is_latin(*run.groups()))
    else:
        fitting = len(re.findall(f"(?<![A-Za-z]){usual}(?![A-Za-z])", text))
    capitals_within = sum(map(_is_capital_within, text, text[1:]))
    share = max(0, fitting - capitals_within) / len(found)
    if candidate.latin:
        return share
    return share * (0.75 + 0.25 * len(re.findall(f"[{candidate.common}]", text)) / len(found))


def _is_latin(before: str, run: str, after: str) -> bool:
    return len(run) == 1 or (len(run) <= _LATIN_RUN_MAX and bool(before or after))


def _is_capital_within(before: str, character: str) -> bool:
    return character > "\x7f" and before.islower() and character.isupper()
