"""The one key under which a person's number is remembered and compared."""

from __future__ import annotations

from wa_bulk.api.one_person import person_key
from wa_bulk.api.phone_number import e164


def person_of(number: str) -> str:
    """Return the key of the person behind `number`, in whatever form it is written.

    What is no phone number, such as a business-scoped user id (`US.1349…`), is its own key.
    """
    try:
        return person_key(e164(number))
    except ValueError:
        return number.strip()
