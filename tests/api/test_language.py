"""The language code that was probably meant."""

import pytest

from wa_bulk.api.language import LANGUAGES, nearest_language


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("en_us", "en_US"),
        ("en-US", "en_US"),
        (" PT_br ", "pt_BR"),
        ("de_XX", "de"),
        ("en GB", "en_GB"),
        ("fr_FR", "fr"),
        ("es_419", "es"),
        ("en_USA", "en_US"),
        ("zh", "zh_CN"),
        ("zh_Hant", "zh_TW"),
        ("zh-Hans-CN", "zh_CN"),
        ("sr_Latn_RS", "sr"),
        ("iw_IL", "he"),
        ("no", "nb"),
        ("jp", "ja"),
        ("xx", None),
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


def test_of_an_accounts_languages_the_nearest_is_one_of_them() -> None:
    assert nearest_language("en", ["en_GB", "en_US", "fr"]) == "en_US"
    assert nearest_language("en_US", ["en_GB", "fr"]) == "en_GB"
    assert nearest_language("zh_CN", ["zh_HK"]) == "zh_HK"
    assert nearest_language("de", ["en_GB"]) is None
