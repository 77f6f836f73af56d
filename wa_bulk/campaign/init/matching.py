"""Which column brings the value of which variable of a template, where that can be told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from wa_bulk.api.template_definition import VARIABLE
from wa_bulk.campaign.init.columns import Kind, TableColumn, kind_of, words_of

_WORDS_AROUND = 4
_ENOUGH = 3
_TELLING: tuple[Kind, ...] = ("date", "money", "link")

_SENTENCE_END = re.compile(r"[.!?。！？]\s*")

_GREETING = re.compile(
    r"(?:^|\W)(?:hello|hi|hey|dear|good (?:morning|day|evening)|hallo|liebe[r]?|guten tag|bonjour|cher|hola|"
    r"estimad[oa]|ciao|caro|ol[áa]|prezad[oa]|hej|merhaba|здравствуйте|您好|你好)[\s,!]*$",
    re.IGNORECASE,
).search

_ALIKE = [
    words_of(words)
    for words in (
        (
            "name first firstname given vorname nombre prenom nome voornaam customer kunde client cliente "
            "fname forename givenname navn namn nimi imie jmeno meno ime isim adi nama имя όνομα "
            "名前 氏名 お名前 姓名 名字 이름 성함 اسم الاسم שם"
        ),
        (
            "total totale amount price sum summe betrag importe importo montant somme suma preis precio prix "
            "amt valor kwota summa belopp bedrag tutar сумма итого 合計 金額 金额 总计 금액 합계"
        ),
        "date day datum fecha data jour tag when until due deadline",
        "time hour uhrzeit hora heure",
        "order bestellung pedido commande ordine reference ref booking ticket id no nr number",
        "code otp pin token verification",
        "product item article artikel producto produit articolo",
        "invoice bill rechnung factura facture fattura",
        "parcel tracking shipment paket delivery envio colis",
        "city town stadt ciudad ville place ort address adresse direccion",
        "link url website web",
    )
]


class Variable(Struct, frozen=True):
    """A variable of a template: its number there, the text before and after it, and an example of it."""

    number: int
    before: str
    after: str
    example: str


def variables_of(text: str, examples: Sequence[str]) -> list[Variable]:
    """Return the variables of a text, one for each value that it takes, in their order."""
    cut = VARIABLE.split(text)
    found: dict[int, Variable] = {}
    for place, number in enumerate(map(int, cut[1::2])):
        if number not in found:
            example = examples[number - 1] if number <= len(examples) else ""
            found[number] = Variable(number, cut[2 * place], cut[2 * place + 2], example)
    return [found[number] for number in sorted(found)]


def match(variables: Sequence[Variable], columns: Sequence[TableColumn]) -> list[TableColumn | None]:
    """Return for each variable the column that most likely brings its value, None where none is likely.

    No column is taken twice. What is taken for two variables alike goes to the first.
    """
    scores = [
        (_score(variable, column), -place, -at)
        for place, variable in enumerate(variables)
        for at, column in enumerate(columns)
    ]
    matched: list[TableColumn | None] = [None] * len(variables)
    left = list(columns)
    for score, place, at in sorted(scores, reverse=True):
        if score >= _ENOUGH and matched[-place] is None and columns[-at] in left:
            matched[-place] = columns[-at]
            left.remove(columns[-at])
    for kind in _TELLING:
        places = [
            place
            for place, variable in enumerate(variables)
            if matched[place] is None and kind_of(variable.example) == kind
        ]
        of_kind = [one for one in left if one.kind == kind]
        if len(places) == len(of_kind) == 1:  # there is no other that it could be
            matched[places[0]] = of_kind[0]
    return matched


def _score(variable: Variable, column: TableColumn) -> int:
    sentence = _SENTENCE_END.split(variable.before)[-1]
    before = words_of(" ".join(sentence.split()[-_WORDS_AROUND:]))
    after = words_of(" ".join(variable.after.split()[:2]))
    score = 0
    if column.words & before:
        score += 3
    elif column.words & after:
        score += 2
    if _GREETING(variable.before) or (
        not variable.before.strip() and variable.after.startswith((",", "，", "様"))
    ):
        score += 3 if column.words & _ALIKE[0] else 0
        score += 1 if "first" in column.words else 0
    elif any(column.words & alike and before & alike for alike in _ALIKE):
        score += 3
    elif any(column.words & alike and after & alike for alike in _ALIKE):
        score += 2
    example = kind_of(variable.example)
    if column.kind == "link" != example:
        return 0
    if example == column.kind:
        score += 1 if example in ("words", "code") else 2
    elif example != "empty" and column.kind != "empty" and not _may_stand_for(column.kind, example):
        score -= 2
    return score


def _may_stand_for(kind: Kind, example: Kind) -> bool:
    return "words" in (kind, example) or {kind, example} == {"money", "code"}
