"""A refused row's message: the column, the trouble, the mend, and last the request's field."""

import pytest

from wa_bulk.campaign.request.bound_field import RowRefused


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (
            RowRefused("body.text.body", ["first_name"], "is empty", "fill it, or write {first_name|friend}"),
            "first_name is empty: fill it, or write {first_name|friend} (body.text.body)",
        ),
        (
            RowRefused("to", ["phone"], "'1/2' has an extension: leave one number", "expected a number"),
            "phone '1/2' has an extension: leave one number; expected a number (to)",
        ),
        (
            RowRefused("to", ["cc", "phone"], "has no digits", "expected a number"),
            "cc + phone has no digits: expected a number (to)",
        ),
        (
            RowRefused("body.document", [], "is too large", "expected less"),
            "body.document: is too large; expected less",
        ),
    ],
)
def test_the_message_begins_with_what_the_user_sees(refusal: RowRefused, message: str) -> None:
    assert str(refusal) == message
