"""The language code that was probably meant."""

import pytest

from wa_bulk.api.language import LANGUAGES, nearest_language


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("en_us", "en_US"),
        ("en-US", "en_US"),
        (" PT_br ", "pt_BR"),
        ("de_XX", "de_CH"),
        ("en_UK", "en_GB"),
        ("English", "en"),
        ("español", "es"),
        ("deu", "de"),
        ("qqqqqqqq", None),
        ("", None),
    ],
)
def test_the_nearest_code_is_suggested(code: str, meant: str | None) -> None:
    assert nearest_language(code) == meant


def test_every_known_code_is_its_own_nearest() -> None:
    assert {code: nearest_language(code) for code in LANGUAGES} == {code: code for code in LANGUAGES}
