"""Hides a secret in the words of a server, which may echo it, or the header it came in, in any encoding."""

import re
import string
import sys
from base64 import b64encode
from functools import cached_property
from html.entities import codepoint2name

HIDDEN = "***"
SHORT = 8  # characters; what is shorter may be a plain word, or a part of one

_ESCAPED = r"%(?:25)*[0-9a-fA-F]{2}|\\+(?:u00|x)[0-9a-fA-F]{2}|&(?:amp;)*#[xX]?[0-9a-fA-F]+;"
_ANY_BASE64_DIGIT = f"(?:[A-Za-z0-9+/_-]|{_ESCAPED})"


_may_be_escaped = re.compile(r"[%\\&]").search
_NO_MARKS = str.maketrans("", "", string.punctuation + string.whitespace)


class Redaction:
    """Finds a dev secret, `key:secret` and what Basic authentication makes of them.

    Each plain, percent-encoded, escaped as in JSON or HTML, in hexadecimal and in base64, with either
    alphabet, with padding or without, and inside a longer text that was encoded. A secret of fewer than 8
    characters is hidden where it is a whole word, and where it is next to its key.
    """

    def __init__(self, key: str, secret: str) -> None:
        self._key = key
        self._secret = secret
        self._is_short = len(secret) < SHORT
        self.shortest_id = sys.maxsize if self._is_short else len(secret)
        """Characters of the shortest id that could hold the secret: no form of it is shorter."""

    def of_words(self, text: str) -> str:
        """Return `text` without the secret."""
        return self._pattern.sub(HIDDEN, text)

    def of_id(self, text: str) -> str:
        """Return an id without the secret, and as it is where the secret is too short to be told from an id's
        own characters: an id must stay what it is."""
        if len(text) < self.shortest_id:
            return text
        if text.isalnum() or not _may_be_escaped(text):  # as nearly every id: 1 µs, not 10
            folded = _letters_and_digits(text)
            length = len(folded)
            for form in self._forms:
                if len(form) > length:
                    return text
                if form in folded:
                    break
            else:
                return text
        return self._pattern.sub(HIDDEN, text)

    @cached_property
    def _forms(self) -> list[str]:
        """What a text without escapes that hides the secret has of letters and digits, shortest first."""
        plain = [self._secret.encode(), b64encode(f"{self._key}:{self._secret}".encode())]
        encoded = [_digits_of(text, ahead) for text in plain for ahead in range(3)]
        forms = [self._secret, *(text.hex() for text in plain), *encoded]
        return sorted(map(_letters_and_digits, forms), key=len)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """All of it; made when it is first needed, since that takes some 50 ms."""
        secret = self._secret
        pair = f"{self._key}:{secret}"
        token = b64encode(pair.encode()).decode()
        patterns = [_spelled(pair), *_in_base64(pair), _in_hex(pair), *_in_base64(token), _in_hex(token)]
        if self._is_short:
            patterns.append(f"(?<![A-Za-z0-9_-]){_spelled(secret)}(?![A-Za-z0-9_-])")
        else:
            patterns += [_spelled(secret), *_in_base64(secret), _in_hex(secret)]
        return re.compile("|".join(patterns))


def _letters_and_digits(text: str) -> str:
    """Return `text` in lower case, without the marks that base64 and hexadecimal may have in it."""
    text = text.replace("-", "")
    return text.lower() if text.isalnum() else text.translate(_NO_MARKS).lower()


def _spelled(text: str) -> str:
    """Return a pattern for `text`, each character plain or escaped in any of the common ways."""
    return "".join(map(_character, text))


def _character(character: str) -> str:
    code = ord(character)
    hexadecimal = _either_case(f"{code:02x}")
    forms = [
        rf"\\*{re.escape(character)}",
        rf"%(?:25)*{hexadecimal}",
        rf"\\+(?:u00|x){hexadecimal}",
        rf"&(?:amp;)*#(?:0*{code}|[xX]0*{hexadecimal});",
    ]
    names = {"'": "apos"} | {chr(point): name for point, name in codepoint2name.items()}
    if character in names:
        forms.append(f"&(?:amp;)*{names[character]};")
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


def _either_case(text: str) -> str:
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else re.escape(one) for one in text)


def _in_hex(text: str) -> str:
    return r"[\s:-]?".join(_either_case(f"{byte:02x}") for byte in text.encode())


def _in_base64(text: str) -> list[str]:
    """Return patterns for `text` in base64, by itself or at any place in something longer."""
    return [_spelled_in_base64(text.encode(), ahead) for ahead in range(3)]


def _spelled_in_base64(text: bytes, ahead: int) -> str:
    """Return a pattern for the digits that depend on nothing but `text`.

    It begins `ahead` bytes after a group of three; digits at either end that share bits with neighbours are
    matched as any digit.
    """
    digits = "".join(map(_base64_digit, _digits_of(text, ahead)))
    shared_before = _ANY_BASE64_DIGIT if ahead else ""
    shared_after = f"{_ANY_BASE64_DIGIT}?" if (ahead + len(text)) % 3 else ""
    return f"{shared_before}{digits}{shared_after}{_character('=')}{{0,2}}"


def _digits_of(text: bytes, ahead: int) -> str:
    """Return the base64 digits that `text` determines by itself, `ahead` bytes after a group of three."""
    first, last = -(-ahead * 8 // 6), (ahead + len(text)) * 8 // 6
    return b64encode(b"\0" * ahead + text).decode()[first:last]


def _base64_digit(digit: str) -> str:
    twins = {"+": "+-", "/": "/_"}.get(digit, digit)
    return f"(?:{'|'.join(map(_character, twins))})"
