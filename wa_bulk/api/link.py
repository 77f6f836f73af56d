"""Links that another machine can follow, and in words why a text is none."""

from __future__ import annotations

import re

from wa_bulk.api.errors import shortened
from wa_bulk.api.invisible import INVISIBLE, code_points

_PORT = r"0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_SEEN = rf"[^\s{INVISIBLE}]"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_BYTE}\.){{3}}{_BYTE}(?![^:/?#])"
_LABEL = rf"[^\s{INVISIBLE}\x00-,./:-@\[-^`{{-\x7f]{{1,63}}"
"""Of ASCII, letters, digits, hyphen and underscore; names may be in other scripts, too."""
_USUAL_NAME = r"(?:[a-z0-9_-]{1,63}+\.)++[a-z]{2,63}+(?![^:/?#])"
_NAME = rf"(?!(?:[^/?#:]*\.)?[0-9]+\.?(?:[:/?#]|\Z)){_LABEL}(?:\.{_LABEL})*+\.?"
"""Does not end in a number: then it would be an address."""

IS_LINK = re.compile(
    rf"https?://(?:[^\s{INVISIBLE}/?#\\@]*@)?(?:\[[0-9A-Fa-f:.]+\]|{_USUAL_NAME}|{_IPV4}|{_NAME})"
    rf"(?::{_PORT})?(?:[/?#]{_SEEN}*)?",
    re.IGNORECASE,
)

_unseen = re.compile(f"[{INVISIBLE}]").findall
_blank = re.compile(r"\s").search
_scheme = re.compile(r"https?://", re.IGNORECASE).match
_second_scheme = re.compile(r"[^/?#]*https?:/", re.IGNORECASE).match
_is_port = re.compile(_PORT).fullmatch


def why_no_link(text: str) -> str:
    """Say what is wrong with a text that is no link."""
    if found := _unseen(text):
        return f"has {code_points(''.join(found))} in it, which cannot be seen"
    if _blank(text):
        return "has a blank in it"
    begin = _scheme(text)
    if begin is None:
        return f"is {shortened(text)}, which does not begin with http:// or https://"
    if _second_scheme(text, begin.end()):
        return f"is {shortened(text)}, two links, or one that begins twice"
    authority = re.split(r"[/?#]", text[begin.end() :], maxsplit=1)[0]
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or port.endswith("]"):
        host, colon, port = authority.rpartition("@")[2], "", ""
    if not host:
        return f"is {shortened(text)}, without a host"
    if colon and not _is_port(port):
        return f"has the port {shortened(port)}, where 1 to 65535 are possible"
    return f"has the host {shortened(host)}, which is neither a name nor an address"
