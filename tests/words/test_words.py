"""Every text of every playbook, said of 0, 1, 2, 5 and 21 things: what a careful clerk would not sign.

The texts are taken from the playbooks themselves, so that a new one is tried by being there. What it asks for
is in ``cast.py``, or is guessed from what it does with it.
"""

from __future__ import annotations

import pytest

from mcur.playbooks.language import plural
from mcur.playbooks.load import known_playbooks, load
from tests.words import clerk
from tests.words.saying import Template

BOOKS = {name: load(name) for name in known_playbooks()}
SPOKEN = {
    (name, book.texts._sources[name]): Template(book.texts, name)
    for book in BOOKS.values()
    for name in book.texts._sources
}
"""Each wording once, whatever number of playbooks share it."""
NOUNS = frozenset(forms for text in SPOKEN.values() for forms in text.counted)
IN_REPORTS = ("form.", "section.", "reference.", "report.", "inbound.", "monitoring.", "crowded.")
"""A report leaves on its day, also where there is nothing to tell: its texts are tried with nothing."""
SAID_OF_SOMETHING = frozenset((
    "crowded.place", "crowded.topic", "crowded.rest", "crowded.rows", "crowded.on_task", "crowded.others", "reference.cause", "reference.house", "reference.top_blank",
    "reference.no_history", "inbound.remind_why", "section.executors.line", "form.top.silent",
    "form.app_work.lead", "form.standings.lead", "form.breaches.lead", "form.problems.silent",
))  # fmt: skip
"""Of these a report says none where there is nothing to say it of."""
BY_COMMAND = ("service.", "fault.", "act.bad_status")
"""Read by whoever types the names that stand in them."""
WITH_ANY_NUMBER = frozenset(["из", "до", "и", "за", "к", "по", "на", "в", "раз", "должна"])
"""Stand behind every number as they are."""


@pytest.mark.parametrize("text", SPOKEN.values(), ids=lambda text: text.name)
def test_a_careful_clerk_would_sign_it(text: Template) -> None:
    """No hole, no torn punctuation, no word that disagrees with its number, no nonsense of nothing."""
    found: set[str] = set()
    of_nothing = text.name.startswith(IN_REPORTS) and text.name not in SAID_OF_SOMETHING
    for n in clerk.NUMBERS[0 if of_nothing else 1 :]:
        for said in text.said(n):
            found |= {*clerk.faults(said), *clerk.disagreements(said, NOUNS)}
    if text.name.startswith(BY_COMMAND):
        found = {fault for fault in found if not fault.startswith("foreign")}

    assert found == set()


@pytest.mark.parametrize("text", SPOKEN.values(), ids=lambda text: text.name)
def test_a_word_behind_a_number_is_counted(text: Template) -> None:
    """What stays the same behind 1, 2, 5 and 21 is no noun, or nobody has counted it."""
    behind: dict[str, set[int]] = {}
    for n in clerk.NUMBERS[1:]:
        for said in text.said(n):
            for number, word in clerk.counted_words(said):
                behind.setdefault(word, set()).add(number)

    assert {w for w, ns in behind.items() if ns >= set(clerk.NUMBERS[1:])} <= WITH_ANY_NUMBER


def test_the_clerk_sees_what_is_wrong() -> None:
    """One example of each fault, and what is only near to one."""
    wrong = (
        "срок None", "задача {{ n }}", "два  пробела", "Добавлено (): 3", "Приложено: .", "Сидоров С. С..",
        "меры , срок", "нет снижения (", ", Снег", "правило declare", "Поступило 0 обращений",
    )  # fmt: skip
    right = (
        "Сидоров С. С., руководитель", "рост 30,0 % (0 -> 52)", "просрочено 0, отложено 0",
        "Файл XLSX: «Отправить: report:ruza-679:R-5:2026-11-18».", "п. 6.1.5[1]", "[ ] листовки",
    )  # fmt: skip

    assert [text for text in wrong if not list(clerk.faults(text))] == []
    assert [list(clerk.faults(text)) for text in right if list(clerk.faults(text))] == []


def test_the_clerk_counts() -> None:
    """1 обращение, 2 обращения, 5 обращений, 21 обращение; two words agree together."""
    nouns = [
        ("обращение", "обращения", "обращений"),
        ("новая задача", "новые задачи", "новых задач"),
    ]
    told = [f"{n} {plural(n, *forms)}." for n in (*range(31), 101, 1112) for forms in nouns]

    assert [list(clerk.disagreements(text, nouns)) for text in told] == [[] for _ in told]
    for text in ("1 обращений", "21 обращения.", "5 новые задачи", "11 обращение"):
        assert list(clerk.disagreements(text, nouns)) != []


def test_what_is_said_of_something_is_still_said() -> None:
    """A name that no text has any more would hide nothing, and mislead."""
    assert {text.name for text in SPOKEN.values()} >= SAID_OF_SOMETHING
