"""The words by which people ask not to be written to any more, and to be written to again.

A message counts only where it is one of these words and nothing else, so that "don't stop" stops nothing.
Case, accents and what is around the word are not looked at. Words that mean something else as often, such
as "cancel" (an order, an appointment), are left out: add them where your messages ask for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Wish = Literal["stop", "start"]

STOP_WORDS: dict[str, tuple[str, ...]] = {
    "any": ("stop", "stopp", "optout", "opt-out", "opt out"),
    "en": ("stop all", "stopall", "stop it", "stop please", "please stop", "unsubscribe", "unsubscribe me"),
    "ar": ("توقف", "ايقاف", "إيقاف", "أوقف", "الغاء الاشتراك", "إلغاء الاشتراك"),
    "bn": ("বন্ধ", "বন্ধ করুন", "থামুন"),
    "cs": ("odhlásit", "zrušit odběr", "přestaňte"),
    "da": ("afmeld", "framelding"),
    "de": ("abmelden", "abbestellen", "austragen", "keine nachrichten mehr", "keine werbung"),
    "el": ("στοπ", "διακοπή", "διαγραφή"),
    "es": ("alto", "baja", "dar de baja", "darme de baja", "cancelar suscripción", "no más mensajes"),
    "fa": ("توقف", "لغو اشتراک"),
    "fi": ("lopeta", "peruuta tilaus", "seis"),
    "fil": ("itigil", "ihinto", "tigil"),
    "fr": ("arrêt", "arrêter", "arrêtez", "désabonner", "me désabonner", "se désabonner", "désinscription"),
    "he": ("הסר", "הסירו", "הסר אותי", "הפסק", "עצור"),
    "hi": ("रोकें", "रुको", "बंद करें", "बंद करो", "बंद"),
    "hu": ("leiratkozás", "leiratkozom", "állj"),
    "id": ("berhenti", "henti", "berhenti langganan"),
    "it": ("basta", "disiscrivimi", "disiscrizione", "annulla iscrizione", "cancella iscrizione"),
    "ja": ("停止", "配信停止", "登録解除", "購読解除", "ストップ"),
    "ko": ("중지", "수신거부", "수신 거부", "정지"),
    "nb": ("stans", "avmeld", "meld meg av"),
    "nl": ("afmelden", "uitschrijven", "stoppen"),
    "pl": ("wypisz", "wypisz mnie", "rezygnuję", "zrezygnuj"),
    "pt": ("sair", "parar", "pare", "descadastrar", "cancelar inscrição", "cancelar subscrição"),
    "ro": ("dezabonare", "dezabonează-mă", "oprește"),
    "ru": ("стоп", "отписаться", "отпишите", "отписка", "отпишите меня"),
    "sv": ("avsluta", "avregistrera", "avanmäl", "sluta"),
    "sw": ("acha", "simama", "sitisha"),
    "th": ("หยุด", "เลิกรับ", "ยกเลิกการรับข่าวสาร"),
    "tr": ("dur", "durdur", "abonelikten çık", "ret"),
    "uk": ("відписатися", "відпишіть", "відписка"),
    "ur": ("بند کریں", "روکیں", "بند کرو"),
    "vi": ("dừng", "dừng lại", "hủy đăng ký", "ngừng"),
    "zh": ("停止", "退订", "退訂", "取消订阅", "取消訂閱", "td"),
}
"""By language, as people write them."""

START_WORDS: dict[str, tuple[str, ...]] = {
    "any": ("start", "unstop", "resubscribe", "subscribe", "optin", "opt-in", "opt in"),
    "ar": ("ابدأ", "اشتراك"),
    "de": ("anmelden", "abonnieren"),
    "es": ("alta", "empezar", "suscribir", "suscribirme"),
    "fr": ("commencer", "démarrer", "s'abonner", "m'abonner"),
    "he": ("התחל", "הצטרף"),
    "hi": ("शुरू", "शुरू करें"),
    "id": ("mulai", "langganan"),
    "it": ("inizia", "iscrivimi"),
    "ja": ("開始", "配信再開"),
    "ko": ("시작", "수신동의"),
    "nl": ("aanmelden", "inschrijven"),
    "pl": ("zapisz", "zapisz mnie"),
    "pt": ("iniciar", "começar", "inscrever", "voltar"),
    "ru": ("старт", "подписаться"),
    "tr": ("başla", "başlat", "abone ol"),
    "uk": ("підписатися",),
    "vi": ("bắt đầu", "đăng ký"),
    "zh": ("开始", "開始", "订阅", "訂閱"),
}
"""By language, as people write them."""

_LONGEST = 100
_APART = re.compile(r"[^\w\s]|_")


class OptOutWords:
    """Which words stop and which start again. `stop` and `start` are added to the built-in ones.

    With `only_these` the built-in ones are left out. Raises ValueError for a word without a letter, and for
    one that would both stop and start.
    """

    def __init__(
        self, stop: Iterable[str] = (), start: Iterable[str] = (), *, only_these: bool = False
    ) -> None:
        built_in = {} if only_these else _BUILT_IN
        own: dict[str, Wish] = {}
        for wish, words in (("stop", stop), ("start", start)):
            for word in words:
                plain = plain_words(word)
                if not plain:
                    raise ValueError(f"{word!r} is no word that somebody could write")
                if own.setdefault(plain, _WISHES[wish]) != wish:
                    raise ValueError(f"{word!r} cannot both stop and start")
        self._wishes = {**built_in, **own}

    def wish(self, text: str) -> Wish | None:
        """Return what a message that reads `text` asks for, None where it is about something else."""
        return self._wishes.get(plain_words(text)) if len(text) <= _LONGEST else None


def plain_words(text: str) -> str:
    """Return `text` without case, accents, punctuation and symbols, its words one blank apart."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")  # both are I in capitals
    letters = "".join(letter for letter in decomposed if not _is_left_out(letter))
    return " ".join(_APART.sub(" ", letters).split())


def _is_left_out(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Cf", "Cc") and letter not in "\t\n\r"


_WISHES: dict[str, Wish] = {"stop": "stop", "start": "start"}
_BUILT_IN: dict[str, Wish] = {
    plain_words(word): wish
    for wish, by_language in ((_WISHES["start"], START_WORDS), (_WISHES["stop"], STOP_WORDS))
    for words in by_language.values()
    for word in words
}
