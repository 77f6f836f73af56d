"""Every request on the vendor's page is a message here, and comes out as it went in."""

import json

import pytest

from tests.api.vendor import EXAMPLES, as_json
from wa_bulk.api import ERROR_CODES, ValidationError, decode, encode, validate


@pytest.mark.parametrize("name", EXAMPLES)
def test_decodes_and_encodes_to_the_same_object(name: str) -> None:
    assert json.loads(encode(decode(as_json(name)))) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_bare_recipient_is_sent_as_an_array(name: str) -> None:
    example = EXAMPLES[name]
    bare = json.dumps({**example, "to": example["to"][0]})
    assert json.loads(encode(decode(bare))) == example


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"full template"}))
def test_is_valid(name: str) -> None:
    message = validate(decode(as_json(name)))
    assert all(number.startswith("+") for number in message.recipients)


def test_the_full_example_keeps_its_stand_ins() -> None:
    """Its name and link are for the reader to replace; as they stand, the page's own rules refuse them."""
    with pytest.raises(ValidationError, match=r"body\.template\.name: is 'your-template-name'"):
        validate(decode(as_json("full template")))


def test_the_error_table_is_the_vendors() -> None:
    page = {1000: 500, 2001: 401, 2002: 401, 2003: 400, 2004: 403, 3001: 400, 3002: 400, 3003: 400, 4001: 400}
    assert {code: row.http_status for code, row in ERROR_CODES.items() if code < 5000} == page
