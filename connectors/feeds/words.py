"""Words of exports and what they mean: statuses, sources, yes and no, kinds of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from mcur.playbooks.directory import fold
from mcur.playbooks.facts import AppealStatus, MessageType

_STATUS_WORDS: dict[AppealStatus, tuple[str, ...]] = {
    AppealStatus.NEW: ("новая", "новое", "новый", "новые", "зарегистрирована", "зарегистрировано",
                       "создана", "создано", "открыто", "открыта", "поступила", "поступило", "не принята", "не принято"),
    AppealStatus.ACCEPTED: ("принята", "принято", "принята в работу", "принято в работу",
                            "взята в работу", "взято в работу", "принята к исполнению"),
    AppealStatus.IN_WORK: ("в работе", "на рассмотрении", "на исполнении", "исполняется",
                           "назначена", "назначено", "назначен исполнитель", "выполняется",
                           "просрочено", "просрочена", "просроченная", "частично решено"),
    AppealStatus.DEFERRED: ("отложена", "отложено", "отложенная", "отложенное", "отложенные"),
    AppealStatus.RETURNED: ("возвращена", "возвращено", "возвращена на доработку", "доработка",
                            "возвращено на доработку", "на доработке", "не решено", "не решена"),
    AppealStatus.MODERATION: ("на модерации", "модерация", "на проверке", "на согласовании"),
    AppealStatus.CLOSED: ("закрыта", "закрыто", "закрытая", "решена", "решено", "выполнена",
                          "выполнено", "исполнена", "исполнено", "завершена", "завершено",
                          "дан ответ", "получен ответ", "ответ дан", "архив"),
    AppealStatus.REJECTED: ("отклонена", "отклонено", "отказ", "отказано", "не подтверждена",
                            "не подтверждено", "дубль", "дубликат"),
}  # fmt: skip
STATUSES: Mapping[str, AppealStatus] = {
    **{status.value: status for status in AppealStatus},
    **{word: status for status, words in _STATUS_WORDS.items() for word in words},
}
"""Folded words of status. An overdue appeal is in work: that it is late follows from its term."""

SOURCES: Mapping[str, str] = {
    "добродел": "dobrodel",
    "едс": "eds",
    "еддс": "eds",
    "ецур": "ecur",
    "тепловая карта": "heatmap",
    "инцидент": "incident",
    "инцидент менеджмент": "incident",
    "онф": "onf",
    "пос": "pos",
    "мп": "mp",
    "мобильное приложение": "mp",
    "ппмо": "ppmo",
    "мсэд": "msed",
    "ргис": "rgis",
    "ргис жкх": "rgis",
}

_YES = frozenset({"да", "yes", "y", "true", "истина", "1", "+", "есть", "x", "х", "v", "спам"})
_NO = frozenset({"нет", "no", "n", "false", "ложь", "0", "-", "–", "—", "не спам"})
_PROBLEM = frozenset({"0", "проблема", "проблемы", "problem"})
_PROPOSAL = frozenset({"1", "предложение", "предложения", "proposal"})
_BLANK = frozenset({"", "-", "–", "—", "null", "none", "nan", "nat", "n/a", "#н/д", "#n/a"})

# A column of words holds a few words, thousands of times.
_fold = lru_cache(maxsize=4_096)(fold)

_LATIN = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".split(" "),  # noqa: SIM905  a table
        strict=True,
    )
)


def is_blank(text: str) -> bool:
    """Whether a text stands for nothing, as exports print it («-», «null»)."""
    return len(text) < 5 and text.casefold() in _BLANK


def yes_or_no(text: str) -> bool | None:
    """Read a mark; ``None`` where it is neither yes nor no."""
    word = _fold(text)
    return True if word in _YES else False if word in _NO else None


def status_of(text: str, own: Mapping[str, str]) -> AppealStatus | None:
    """Find the status a word means: by the feed's own words (folded), then by the known ones."""
    word = _fold(text)
    return AppealStatus(own[word]) if word in own else STATUSES.get(word)


def message_type_of(text: str) -> MessageType | None:
    """Read «Проблемы», «1», «1 - предложения»; ``None`` for another word."""
    for word in _fold(text).replace("-", " ").split():
        if word in _PROBLEM:
            return MessageType.PROBLEM
        if word in _PROPOSAL:
            return MessageType.PROPOSAL
    return None


def source_of(text: str) -> str:
    """Name a source as keys do: a known one by its code, another one in Latin letters."""
    word = _fold(text)
    if word in SOURCES:
        return SOURCES[word]
    latin = "".join(_LATIN.get(letter, letter) for letter in word)
    return re.sub(r"[^a-z0-9]+", "_", latin).strip("_") or "unknown"
