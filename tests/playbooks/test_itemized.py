"""One answer about many tasks: whose they may be, and how often a machine is answered."""

from __future__ import annotations

from collections.abc import Sequence

from mcur.connectors.papers.text import to_text
from mcur.playbooks.facts import Letter, Task, TaskStatus
from mcur.playbooks.intents import Intent, RaiseFlag, SendLetter, SortLetter, UpdateTask
from mcur.playbooks.rules import itemized, letters
from tests.playbooks.facts import Known, at, case, letter, rule, task

OWN = [task("1240"), task("1241"), task("1242", status=TaskStatus.CLOSED, changed_at=at("09:00"))]
OTHER = task("1300", executor="Горсвет", assignee="executor:Горсвет")


def wrote(text: str, number: int = 1, **given: object) -> Letter:
    """Write a letter of an executor."""
    values = {"sender": "dom@uk.ru", "subject": "Re: задачи", "digest": f"{number:016d}", **given}
    return letter(text, **values)


def decided(*posted: Letter, kept: Sequence[Task] = (*OWN, OTHER)) -> list[Intent]:
    """Let the rule of letters decide about them, one after the other."""
    known = Known(kept=list(kept))
    found: list[Intent] = []
    for one in posted:
        known.letters = [one]
        asked = rule("intake", "letters"), case(known, at("12:00"))
        made = list(letters.decide(*asked)) or list(letters.decide_last(*asked))
        known.keys |= {x.key for x in made if isinstance(x, SendLetter)}
        found += made
    return found


def test_each_part_is_taken_for_its_own_task() -> None:
    """The other's task is a number that he does not have; a closed one is said to be closed."""
    found = decided(wrote("1240 выполнено\n1242 готово\n1300 готово\n№ 77 готово\n1241 думаем"))
    updates = {x.task.rpartition(":")[2]: x for x in found if isinstance(x, UpdateTask)}
    [reply] = [x for x in found if isinstance(x, SendLetter)]
    [sorted_] = [x for x in found if isinstance(x, SortLetter)]
    told = to_text(reply.document)

    assert updates.keys() == {"1240", "1241"}
    assert (updates["1240"].status, updates["1241"].status) == (TaskStatus.DONE, None)
    assert "нет номеров 1300, 77" in told
    assert "Не понято, что сделано по задаче № 1241" in told
    assert "Уже закрыта задача № 1242" in told
    assert {key.rpartition(":")[2] for key in sorted_.tasks} == {"1240", "1241", "1242"}


def test_a_denied_sender_touches_nothing() -> None:
    """Whatever numbers he names."""
    found = decided(wrote("1240 выполнено\n1241 выполнено", authenticated=False))

    assert [x for x in found if isinstance(x, UpdateTask | SendLetter)] == []
    assert [x.state for x in found if isinstance(x, SortLetter)] == ["review"]


def test_a_machine_that_answers_our_answers_is_not_answered_for_ever() -> None:
    """«№ 5001 зарегистрировано», without a header that says so: after a few a person is asked."""
    posted = [wrote(f"№ {5000 + n} зарегистрировано", n) for n in range(1, 20)]
    found = decided(*posted)
    flags = {x.key: x for x in found if isinstance(x, RaiseFlag)}

    assert len([x for x in found if isinstance(x, SendLetter)]) == itemized.ANSWERS
    assert {x.state for x in found if isinstance(x, SortLetter)} == {"review"}
    assert [flag.to for flag in flags.values()] == [("mcur_resp",)]


def test_a_letter_about_one_task_is_read_whole() -> None:
    """Its number in front changes nothing of how it is understood."""
    found = decided(wrote("1240 выполнено, меры: снег вывезен"))

    assert [x.what for x in found if isinstance(x, SortLetter)] == ["answer"]
    assert [x.status for x in found if isinstance(x, UpdateTask)] == [TaskStatus.DONE]


def test_one_word_beside_a_number_is_a_report_and_alone_it_is_none() -> None:
    """«1240 ок» of a list says that it is done; «ок» to a letter about a task, that it was read."""
    listed = decided(wrote("1240 ок\n1241 +"))
    alone = decided(wrote("Ок", subject="Re: задача № 1240"))

    assert [x.status for x in listed if isinstance(x, UpdateTask)] == [TaskStatus.DONE] * 2
    assert [x.status for x in alone if isinstance(x, UpdateTask)] == [None]
    assert [x for x in alone if isinstance(x, SendLetter)] == []


def test_words_that_belong_to_no_number_are_said_back() -> None:
    """«Всё сделано, кроме …» names none of those that are done."""
    found = decided(wrote("Добрый день! Все сделано кроме 1240, 1241\n1240 думаем\n1241 не наш"))
    [reply] = [x for x in found if isinstance(x, SendLetter)]

    assert "Слова без номеров" in to_text(reply.document)
    assert "Все сделано кроме 1240, 1241" in to_text(reply.document)
    assert [x.status for x in found if isinstance(x, UpdateTask)] == [None, None]
