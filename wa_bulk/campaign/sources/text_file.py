"""From the bytes of a file of recipients to its characters, or to a clear word on why there are none."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from wa_bulk.campaign.sources.encoding_guess import Guess, guess_encoding
from wa_bulk.campaign.sources.source_file import BLOCK_BYTES, SourceFile

LINE_MAX = BLOCK_BYTES
"""Characters of a line that is given whole; a longer one comes in pieces."""

SAVE_AS_CSV = "open it in your spreadsheet program and save it as CSV UTF-8"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SHOWN_BEFORE = 20
_ASCII_IN = 20
"""Characters of which one is ASCII, at least, in a table with numbers."""


class TextFile:
    """A file of text. `encoding` is Python's name for how it is written."""

    def __init__(self, file: SourceFile, encoding: str | None = None) -> None:
        """Choose the encoding: the one that the user says, or by the first bytes. Raises SourceError."""
        self._file = file
        self.encoding = _encoding(file, encoding)
        self._may_hold_nul = self.encoding.startswith(("utf-16", "utf-32"))

    def texts(self) -> Iterator[str]:
        """Stream the characters in blocks, line breaks untouched. Raises SourceError."""
        decode = codecs.getincrementaldecoder(self.encoding)().decode
        try:
            for block in self._file.blocks():
                if not self._may_hold_nul and 0 in block:
                    raise self._undecodable()
                yield decode(block)
            yield decode(b"", final=True)
        except UnicodeError:
            raise self._undecodable() from None

    def lines(self) -> Iterator[str]:
        """Stream the lines with their ends. One of more than LINE_MAX characters comes in pieces."""
        return chain.from_iterable(_batches(self.texts()))

    def _undecodable(self) -> Exception:
        """Return where the first bytes are that are no text, found by reading again from the start."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        line_breaks = io.IncrementalNewlineDecoder(None, translate=True)
        line, before = 1, ""
        for block in chain(self._file.blocks(), [b""]):
            nul = -1 if self._may_hold_nul else block.find(0)
            rest = block[nul:] if nul >= 0 else b""
            try:
                text = decoder.decode(block if nul < 0 else block[:nul], final=not block or nul >= 0)
            except UnicodeDecodeError as error:
                rest = error.object[error.start :]
                text = error.object[: error.start].decode(error.encoding)
            text = line_breaks.decode(text, final=bool(rest))
            line += text.count("\n")
            before = (before + text).rpartition("\n")[2][-_SHOWN_BEFORE:]
            if rest:
                return self._file.error(self._fault(rest, before), line)
        return self._file.changed()

    def _fault(self, rest: bytes, before: str) -> str:
        if _family(self.encoding) == "utf-8" and (name := _unmarked_utf_16(self._file.beginning)):
            return _say_utf_16(name)
        where = f" after {before!r}" if before else ""
        if not rest[0] and not self._may_hold_nul:
            return (
                f"byte 0x00{where} stands in no text, so that the file is damaged or cut short: {SAVE_AS_CSV}"
            )
        fault = f"byte 0x{rest[0]:02X}{where} is no {_family(self.encoding).upper()} text"
        guess = None
        if _family(self.encoding) == "utf-8":
            guess = guess_encoding(before[-1:].encode("ascii", errors="ignore") + rest)
        if guess is None:
            return f"{fault}: {SAVE_AS_CSV}"
        return f"{fault}. {_in_words(guess, before, rest)}"


def _in_words(guess: Guess, before: str, rest: bytes) -> str:
    """Show what the bytes would be, so that a person can tell."""
    after = re.split(r'[\r\n,;\t|"]', rest[:40].decode(guess.encoding, errors="ignore"))[0]
    word = re.split(r'[,;\t|"]', before)[-1] + after
    return (
        f"It looks like {guess.name}: {word!r}? Then use --encoding {guess.encoding}, or "
        f'encoding = "{guess.encoding}" in the campaign; otherwise {SAVE_AS_CSV}'
    )


def _encoding(file: SourceFile, chosen: str | None) -> str:
    beginning = file.beginning
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), None)
    if chosen is None:
        if marked is None and 0 in beginning[:4]:
            name = _unmarked_utf_16(beginning)
            raise file.error(f"is no text: {SAVE_AS_CSV}" if name is None else _say_utf_16(name))
        return marked or "utf-8"
    if marked is None:
        return chosen
    if _family(marked) != _family(chosen):
        raise file.error(
            f"begins as {_family(marked).upper()} does, and is not {chosen}: leave the encoding out"
        )
    return marked


def _family(encoding: str) -> str:
    """Return `utf-8`, `utf-16`, `utf-32` for their variants, else the encoding itself."""
    found = re.match(r"utf-(?:8|16|32)", encoding.lower().replace("_", "-"))
    return found[0] if found else encoding


def _unmarked_utf_16(beginning: bytes) -> str | None:
    """Return which UTF-16 bytes without a mark are, if any.

    Digits and delimiters have a byte 0 each then, all on the same side.
    """
    sample = beginning[: len(beginning) & ~1]
    for name, zeros, others in (
        ("utf-16-le", sample[1::2], sample[::2]),
        ("utf-16-be", sample[::2], sample[1::2]),
    ):
        if zeros.count(0) > max(2, len(zeros) / _ASCII_IN) and not others.count(0):
            return name
    return None


def _say_utf_16(name: str) -> str:
    return (
        f'is UTF-16 without a byte order mark: use --encoding {name}, or encoding = "{name}" in the campaign'
    )


def _batches(texts: Iterable[str]) -> Iterator[Iterable[str]]:
    rest = ""
    for block in texts:
        text = rest + block if rest else block
        # A carriage return at the end may be the first half of a line break.
        end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        if end:
            yield io.StringIO(text[:end], newline="")
        rest = text[end:]
        if len(rest) > LINE_MAX:
            yield [rest[:-1]]
            rest = rest[-1]
    if rest:
        yield io.StringIO(rest, newline="")
