"""Template language codes, as Meta lists them. Case matters; the list grows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

LANGUAGES = frozenset(
    """
    af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF
    nl nl_BE en en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG
    en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja
    kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru sr si_LK sk sl es
    es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te th tr uk ur
    uz vi zu
    """.split()
)


_MEANT = {
    "arabic": "ar", "chinese": "zh_CN", "dutch": "nl", "english": "en", "french": "fr", "german": "de",
    "hebrew": "he", "hindi": "hi", "indonesian": "id", "italian": "it", "japanese": "ja", "korean": "ko",
    "malay": "ms", "polish": "pl", "portuguese": "pt_BR", "russian": "ru", "spanish": "es", "swahili": "sw",
    "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "deutsch": "de", "español": "es", "français": "fr", "italiano": "it", "português": "pt_BR",
    "ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "ita": "it", "por": "pt_BR", "spa": "es",
    "in": "id", "iw": "he", "nn": "nb", "no": "nb", "tl": "fil",
    "zh_hans": "zh_CN", "zh_hant": "zh_TW", "zh_mo": "zh_HK",
    "at": "de_AT", "br": "pt_BR", "cn": "zh_CN", "cz": "cs", "dk": "da", "ee": "et", "gb": "en_GB",
    "gr": "el", "il": "he", "ir": "fa", "jp": "ja", "kr": "ko", "mx": "es_MX", "rs": "sr", "se": "sv",
    "tw": "zh_TW", "ua": "uk", "us": "en_US", "vn": "vi",
}  # fmt: skip
"""What a column of languages often holds in place of codes: names, codes of three letters, codes that were
replaced, scripts, countries."""

_MAIN = {"en": "en_US", "pt": "pt_BR", "zh": "zh_CN"}
"""Of a language that has no code without a country."""


def nearest_language(code: str, among: Iterable[str] = LANGUAGES) -> str | None:
    """Return the code of `among` that is most likely meant by `code`, or None when nothing comes near.

    A misspelt country is looked for before the language on its own: `en_USA` is en_US, `fr_FR` is fr.
    """
    folded = {known.casefold(): known for known in among}
    normal = re.sub(r"[\s-]+", "_", code.strip()).casefold()
    if normal.endswith("_uk"):
        normal = f"{normal[:-2]}gb"
    base = normal.split("_")[0]
    script = "_".join(normal.split("_")[:2])
    for meant in (normal, _MEANT.get(normal), _MEANT.get(script)):
        if meant is not None and meant.casefold() in folded:
            return folded[meant.casefold()]
    base = _MEANT.get(base, base).split("_")[0]
    same_language = [known for known in sorted(folded) if known.split("_")[0] == base]
    misspelt = get_close_matches(normal, same_language or sorted(folded), n=1, cutoff=0.85)
    likely = [*misspelt, base, _MAIN.get(base, "").casefold(), *same_language[:1]]
    return next((folded[known] for known in likely if known in folded), None)


def did_you_mean(code: str) -> str:
    """Return the end of a sentence on an unknown code, such as "; did you mean 'en_GB'?"; empty where no
    known one comes near."""
    nearest = nearest_language(code)
    return f"; did you mean {nearest!r}?" if nearest else ""
