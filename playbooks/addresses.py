"""Addresses: a free Russian address becomes the name of one house, the same however it was typed.

«Руза, ул. Солнцева, д.5, кв.7» and «Солнцева ул., 5» are the same house to a control centre that
counts appeals per address (ruza 2.d12[2]: more than ten a day). The name is lower case: settlement,
street, house — ``руза, солнцева, 5``. The street loses «ул.» but keeps any other kind, for
«пер. Солнцева» is another street.

Three steps: what is no part of the name is cut away (flats, postal codes, regions), the house is
taken out, and the rest is told apart by the words that name a kind («г.», «ул.»).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache


def _table(**kinds: str) -> dict[str, str]:
    return {word: kind.replace("_", "-") for kind, words in kinds.items() for word in words.split()}


# Kinds of places; their words are not part of the name.
_PLACES = _table(
    town="г гор город города городе д дер деревня деревне пос поселок поселке п пгт рп дп с село"
    " селе х хутор станица нп",
    district="го район района р-н",
    region="область обл край республика респ",
)
# Kinds of streets; all but «ул» stay in the name.
_STREETS = _table(
    ул="ул улица улице улицы",
    пр_т="пр-т пр-кт просп проспект проспекте пр",
    ш="ш шоссе",
    пер="пер переулок переулке",
    б_р="б-р бул бульвар бульваре",
    наб="наб набережная",
    пл="пл площадь площади",
    проезд="проезд пр-д пр-зд",
    туп="туп тупик",
    линия="линия лин",
    аллея="аллея ал",
    мкр="мкр микрорайон мкрн мкр-н",
    квартал="квартал кв-л",
    снт="снт",
    днп="днп",
    жк="жк",
)
_KINDS = _PLACES | _STREETS
_STREET_KINDS = frozenset(_STREETS.values())
# Words inside an address that begin with a small letter: kinds of places, «50 лет Октября».
_SMALL = frozenset(_KINDS) | frozenset(_KINDS.values()) | {"лет"}
_NAME = re.compile("[а-яё]{3,}")
_NUMBERS = re.compile("([0-9]+)")
_FLAT = re.compile(r",?\s*\b(?:кв|квартира|пом|помещение|комн|комната)\b\.?.*$", re.IGNORECASE)
# An estate stands for the street only where the address names no street.
_ESTATES = frozenset({"мкр", "квартал", "снт", "днп", "жк"})
_NOISE = frozenset(
    {"россия", "рф", "российская", "федерация", "тер", "территория", "адрес", "адресу", "двор"}
    | {
        "дворе",
        "дом",
        "дома",
        "возле",
        "около",
        "у",
        "напротив",
        "рядом",
        "по",
        "на",
        "во",
        "в",
        "за",
    }
)
# «Жукова Маршала ул.» is «ул. Маршала Жукова»: these come first.
_FIRST = frozenset(
    {"маршала", "генерала", "академика", "адмирала", "героя", "космонавта", "летчика", "инженера"}
    | {"полковника", "капитана", "лейтенанта", "большая", "большой", "малая", "малый", "новая"}
    | {"новый", "старая", "старый", "верхняя", "верхний", "нижняя", "нижний"}
)
# Chief towns of the districts of the Moscow region: an address without a settlement is meant there.
_CENTRES = {
    "богородский": "ногинск", "волоколамский": "волоколамск", "воскресенский": "воскресенск",
    "дмитровский": "дмитров", "егорьевский": "егорьевск", "истринский": "истра",
    "каширский": "кашира", "клинский": "клин", "коломенский": "коломна",
    "красногорский": "красногорск", "ленинский": "видное", "луховицкий": "луховицы",
    "люберецкий": "люберцы", "можайский": "можайск", "мытищинский": "мытищи",
    "наро-фоминский": "наро-фоминск", "одинцовский": "одинцово",
    "орехово-зуевский": "орехово-зуево", "павлово-посадский": "павловский посад",
    "пушкинский": "пушкино", "раменский": "раменское", "рузский": "руза",
    "сергиево-посадский": "сергиев посад", "солнечногорский": "солнечногорск",
    "ступинский": "ступино", "талдомский": "талдом", "чеховский": "чехов", "шатурский": "шатура",
    "щелковский": "щелково",
}  # fmt: skip

_ESTATE = r"(мкрн?|мкр-н|микрорайон|квартал|кв-л)"
# Spellings made one before anything is looked for. A pattern is tried only where its hint stands
# in the text: most addresses need two or three of them.
_SPELLINGS = tuple(
    (hint, re.compile(pattern), instead)
    for hint, pattern, instead in (
        ("", r"[‐‑‒–—−]", "-"),
        ("", r"[«»\"'“”„№]|\b\d{6}\b", " "),
        ("ципальн", r"\bмуниципальн\w+ (?:округ|район)\w*", " го "),
        ("городск", r"\bгородск\w+ округ\w*", " го "),
        ("посел", r"\b(?:городск|сельск)\w+ поселени\w+", " тер "),
        ("посел", r"\bрабоч\w+ посел\w+", " рп "),
        ("г", r"\bг\. ?о\b|\bг о\b", " го "),
        ("г", r"\bп\. ?г\. ?т\b", " пгт "),
        ("м.", r"\bм\. ?о\b", " го "),
        ("р", r"\bр\. ?п\b|\bр п\b", " рп "),
        ("/п", r"\b[гс]/п\b", " тер "),
        ("", r"[.\s]+", " "),
        ("/", r" ?/ ?", "/"),
        ("й", r"(?<![\w-])(\d+)-?(?:ый|ий|ой|й)\b", r"\1-й"),
        ("я", r"(?<![\w-])(\d+)-?(?:ая|я)\b", r"\1-я"),
        # «мкр. 7», «7 мкр.» and «7-й микрорайон» are one, and the number is not a house.
        ("к", rf"(?<![\w-])(\d+) {_ESTATE}\b", r"\1-й \2,"),
        ("к", rf"\b{_ESTATE} (\d+)(?:-й)?\b(?![-/])", r"\2-й \1,"),
        ("линия", r"\b(линия) (\d+)\b(?![-/])|(?<![\w-])(\d+) (линия)\b", r"\2\3-я линия,"),
        # Beyond the house nothing counts.
        ("кв", r"(?:\b|(?<=\d))(?:кв|квартира) ?\d+\w*", ","),
        ("п", r"\b(?:подъезд|под|п-д|пом|помещение) ?\d+\w*|(?<=[\dа-я]) п \d+\b", ","),
        ("э", r"\bэт(?:аж)? ?\d+", ","),
        ("о", r"\b(?:оф|офис|комн|комната) ?\d+\w*", ","),
        ("-й", r"\b\d+-й (?:этаж|подъезд)\b", ","),
    )
)
_BRACKETS = re.compile(r"\([^)]*\)")
_KILOMETRE = re.compile(r"\b(\d+)(?:-й)? ?км\b|\bкм (\d+)(?:-й)?\b")
# The letter comes first and the look behind it after: a pattern that begins with a letter is found fast.
_BLOCK = re.compile(r"к(?:(?<![а-я]к)|(?<=\d[а-я]к))(?:орп(?:ус\w?)?)? ?(\d+[а-я]?)\b")
_BUILDING = re.compile(r"с(?:(?<![а-я]с)|(?<=\d[а-я]с))(?:тр(?:оение)?|оор\w*)? ?(\d+[а-я]?)\b")
_LETTER = re.compile(r"\bлит(?:ер\w?)? ([а-я])\b")
_NUMBER = (
    r"(\d{1,4}(?:/\d{1,4})?)(?!\d)(?:[-/]?([а-ик-юa-z])(?![\w-])| ([а-ик-юa-z])(?= ?(?:,|$)))?"
)
_HOUSE_NAMED = re.compile(
    r"\b(?:д|дом[ауе]?|вл|влад|владение|двлд|домовладение|зд|здание|уч|участок) ?" + _NUMBER
)
_HOUSE_BARE = re.compile(r"(?<![\w/-])" + _NUMBER + r"(?:-\d+)?(?= ?(?:,|$)| \d)")
_ORDINAL = re.compile(r"\d+-[йя]")
_WORD = re.compile(r"\d+(?:-[а-я]+)?|[а-яa-z]+(?:-[а-яa-z0-9]+)*")
_LATIN = str.maketrans("abcehkmoptxy", "авсенкмортху")
# «347-351 Congress St  Boston  MA  02210», and what becomes of it.
_WESTERN = re.compile(r"(\d[\w-]*) +([a-z][\w .'-]*?)(?:,|  ) *([a-z][a-z ]*?)(?:,|  ).*")
_WESTERN_HOUSE = re.compile(r"[a-z][a-z ]*, [a-z][\w .'-]*, \d[\w-]*")


def house_of(address: str | None, municipality: str | None = None) -> str | None:
    """Return the house that an address means, ``None`` where no house is recognised.

    :param address: free text, as an export or a letter has it.
    :param municipality: where the address lies if it names no settlement; a district is taken
        for its chief town («Рузский г.о.» means Руза), any other name stands for itself.
    """
    text = (address or "").casefold().replace("ё", "е").strip()
    if not re.search("[а-я]", text):
        return _western(text)
    house, before, after = _take_house(_plain(text))
    if not house:
        return None
    place = _place(before, after, municipality)
    return f"{place}, {house}" if place else None


def shown(house: str) -> str:
    """Write a normalised house as people do, its names with capitals («Руза, Солнцева, 5к2»)."""
    place, _, number = house.rpartition(", ")
    return ", ".join(part for part in (_NAME.sub(_capital, place), number) if part)


def without_flat(address: str) -> str:
    """Return an address as somebody wrote it, as far as its house."""
    return _FLAT.sub("", address).rstrip(" ,")


def in_order(houses: Iterable[str]) -> tuple[str, ...]:
    """Sort houses as people count them: 2 stands before 10."""
    return tuple(sorted(set(houses), key=counted))


def counted(house: str) -> list[tuple[int, str]]:
    """Return what sorts houses as people count them."""
    parts = _NUMBERS.split(house)
    return [(len(part), part) if part.isdigit() else (0, part) for part in parts]


def _capital(found: re.Match[str]) -> str:
    return found[0] if found[0] in _SMALL else found[0].capitalize()


@dataclass(slots=True)
class _Piece:
    """Words that name one thing; ``kind`` is empty where no word says what."""

    kind: str = ""
    words: list[str] = field(default_factory=list)

    @property
    def is_street(self) -> bool:
        return self.kind in _STREET_KINDS


def _western(text: str) -> str | None:
    if _WESTERN_HOUSE.fullmatch(text):
        return text
    found = _WESTERN.fullmatch(text)
    return f"{found[3]}, {' '.join(found[2].split())}, {found[1]}" if found else None


def _plain(text: str) -> str:
    """Make spellings one. Addresses of one place share most of their parts, hence by parts."""
    if "(" in text:
        text = _BRACKETS.sub(" ", text)
    return ",".join(map(_plain_part, text.replace(";", ",").split(",")))


@lru_cache(maxsize=10_000)
def _plain_part(text: str) -> str:
    for hint, pattern, instead in _SPELLINGS:
        if hint in text:
            text = pattern.sub(instead, text)
    return text.strip()


def _take_house(text: str) -> tuple[str, str, str]:
    """Take the house out of a plain text: its name, and the text before and after it."""
    text, kilometre = _take(_KILOMETRE, text)
    text, building = _take(_BUILDING, text)
    text, block = _take(_BLOCK, text)
    text, letter = _take(_LETTER, text)
    found = _HOUSE_NAMED.search(text) or _HOUSE_BARE.search(text)
    number, before, after = "", text, ""
    if found:
        number = found[1] + (found[2] or found[3] or letter).translate(_LATIN)
        before, after = text[: found.start()], text[found.end() :]
    house = number + (f"к{block}" if block else "") + (f"с{building}" if building else "")
    if kilometre:
        house = f"{kilometre}км {house}".strip()
    return house, before, after


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    if not found:
        return text, ""
    value = next(group for group in found.groups() if group)
    return f"{text[: found.start()].rstrip()},{text[found.end() :]}", value


def _place(before: str, after: str, municipality: str | None) -> str:
    """Name settlement and street of the texts around a house."""
    ahead, behind = _pieces_of(before), _pieces_of(after)
    pieces = ahead + behind
    town = _name(pieces, "town", last=True)
    estate = next((_street(p) for p in pieces if p.kind in _ESTATES), "")
    street = next((_street(p) for p in pieces if p.is_street and p.kind not in _ESTATES), estate)
    # Words of no kind after the house are remarks, unless the address is turned round.
    bare = [" ".join(p.words) for p in (ahead or behind) if not p.kind]
    if not street and bare:
        street = bare.pop()
    district = _name(pieces, "district") or municipality
    town = (
        town or (bare[-1] if bare else "") or (centre_of(district) if district and street else "")
    )
    return ", ".join(part for part in (town, street) if part)


def _pieces_of(text: str) -> list[_Piece]:
    return [piece for part in text.split(",") for piece in _pieces(part.strip())]


@lru_cache(maxsize=10_000)
def _pieces(text: str) -> tuple[_Piece, ...]:
    """Tell the words between two commas apart by the kinds among them."""
    words = [word for word in _WORD.findall(text) if word not in _NOISE]
    pieces = [_Piece()]
    for word, following in zip(words, [*words, ""][1:], strict=True):
        kind = _KINDS.get(word, "")
        if not kind or (len(word) == 1 and pieces[-1].is_street and not pieces[-1].words):
            if len(word) > 1 or word.isdigit():  # an initial says less than the name
                pieces[-1].words.append(word)
        elif following and following not in _KINDS and _opens(kind, pieces[-1]):
            pieces.append(_Piece(kind))
        else:
            _settle(word, kind, pieces)
    # Bare numbers name nothing.
    return tuple(piece for piece in pieces if not all(word.isdigit() for word in piece.words))


def _opens(kind: str, last: _Piece) -> bool:
    """Whether a kind that stands before words names them, not the words behind it."""
    if last.kind or not last.words:
        return True
    if all(_ORDINAL.fullmatch(word) for word in last.words):  # «1-я ул. Строителей»
        return False
    return kind not in {"district", "region"}


def _settle(word: str, kind: str, pieces: list[_Piece]) -> None:
    """Give a kind to the words before it."""
    last = pieces[-1]
    is_street = kind in _STREET_KINDS
    if last.words and not last.kind:
        last.kind = kind
        if not all(_ORDINAL.fullmatch(w) for w in last.words) or not is_street:
            pieces.append(_Piece())
    elif is_street and last.words and last.is_street:  # «ул. Советская площадь»
        last.kind = kind
    elif is_street and len(last.words) > 1:  # «г Одинцово Можайское шоссе»
        pieces += [_Piece(kind, [last.words.pop()]), _Piece()]
    elif is_street and kind != "ул":  # «ул. Набережная»
        last.words.append(word)
    elif is_street:
        pieces.append(_Piece(kind))


def _street(piece: _Piece) -> str:
    words = sorted(piece.words, key=_rank)
    return " ".join(words if piece.kind == "ул" else [piece.kind, *words])


def _rank(word: str) -> int:
    return 0 if _ORDINAL.fullmatch(word) else 1 if word in _FIRST else 2


def _name(pieces: Iterable[_Piece], kind: str, *, last: bool = False) -> str:
    names = [
        "-".join(p.words) if p.words[-1].isdigit() else " ".join(p.words)
        for p in pieces
        if p.kind == kind
    ]
    return names[-1 if last else 0] if names else ""


@lru_cache(maxsize=1_000)
def centre_of(municipality: str) -> str:
    """Name the settlement that a municipality stands for."""
    words = _WORD.findall(_plain(municipality.casefold().replace("ё", "е")))
    name = " ".join(word for word in words if word not in _PLACES and word not in _NOISE)
    return _CENTRES.get(name, name)
