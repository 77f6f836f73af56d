"""Template language codes, as Meta lists them. Case matters; the list grows."""

from __future__ import annotations

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


_NAMES = {
    "arabic": "ar", "chinese": "zh_CN", "dutch": "nl", "english": "en", "french": "fr", "german": "de",
    "hebrew": "he", "hindi": "hi", "indonesian": "id", "italian": "it", "japanese": "ja", "korean": "ko",
    "malay": "ms", "polish": "pl", "portuguese": "pt_BR", "russian": "ru", "spanish": "es", "swahili": "sw",
    "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "deutsch": "de", "español": "es", "français": "fr", "italiano": "it", "português": "pt_BR",
    "ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "ita": "it", "por": "pt_BR", "spa": "es",
}  # fmt: skip
"""What a column of languages often holds in place of codes: names, and codes of three letters."""


def nearest_language(code: str, among: Iterable[str] = LANGUAGES) -> str | None:
    """Return the code of `among` that looks most like `code`, or None when nothing comes near."""
    normal = code.strip().replace("-", "_")
    normal = _NAMES.get(normal.casefold(), normal)
    if normal.casefold().endswith("_uk"):
        normal = f"{normal[:-2]}GB"
    folded = {known.casefold(): known for known in among}
    if normal.casefold() in folded:
        return folded[normal.casefold()]
    base = normal.split("_")[0].casefold()
    same_language = [known for known in sorted(folded) if known.split("_")[0] == base]
    near = get_close_matches(normal.casefold(), same_language or sorted(folded), n=1, cutoff=0.5)
    return folded[near[0]] if near else None


def did_you_mean(code: str) -> str:
    """Return the end of a sentence on an unknown code, such as "; did you mean 'en_GB'?"; empty where no
    known one comes near."""
    nearest = nearest_language(code)
    return f"; did you mean {nearest!r}?" if nearest else ""
