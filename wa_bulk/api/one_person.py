"""Numbers that are two ways to write one WhatsApp account.

Mexico +52 1 N and +52 N, Argentina +54 9 N and +54 N, Brazil with and without the ninth digit, and Benin's
numbers from before and after 2024 (01 N). Compare by `person_key`; send what the user wrote.
"""

from __future__ import annotations

_COUNTRIES = ("+52", "+54", "+55", "+229")

FIRST_DIGITS = "25"
"""A number in E.164 form whose first digit is another is its own key."""


def person_key(number: str) -> str:
    """Return the key of the account behind an E.164 number: the shorter of its two forms, else the number."""
    if not number.startswith(_COUNTRIES):
        return number
    digits = len(number)
    if digits == 14 and number.startswith(("+521", "+549")):
        return number[:3] + number[4:]
    if digits == 14 and number.startswith("+55") and number[5] == "9" and number[6] in "6789":
        return number[:5] + number[6:]
    if digits == 14 and number.startswith("+22901"):
        return "+229" + number[6:]
    return number


def current_form(number: str) -> str:
    """Return the form that today's numbering plan has for the account behind a number in E.164 form.

    The number itself where it has one form only. It is what tells whether an older form can be in use.
    """
    if not number.startswith(_COUNTRIES):
        return number
    key = person_key(number)
    if key.startswith("+52"):
        return key
    if key.startswith("+54") and len(key) == 13:
        return "+549" + key[3:]
    if key.startswith("+55") and len(key) == 13 and key[5] in "6789":
        return key[:5] + "9" + key[5:]
    if key.startswith("+229") and len(key) == 12:
        return "+22901" + key[4:]
    return number
