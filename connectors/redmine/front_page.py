"""The page that staff begin at: forms that are filled in already, lists, what the statuses mean."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from mcur.connectors.redmine.shape import RedmineShape
from mcur.connectors.redmine.wanted import QUERIES
from mcur.playbooks.facts import TaskKind, TaskStatus

TITLE = "Wiki"
"""Redmine's name for the page that the tab «Wiki» opens."""

_FORMS = (
    ("Звонок", TaskKind.CALL, "Звонок: ", False, "разговор, о котором задачи ещё нет"),
    (
        "Задание ЦУР",
        TaskKind.ASSIGNMENT,
        "Задание ЦУР: ",
        False,
        "поручение, полученное не по почте",
    ),
    ("Угроза жизни", TaskKind.INCIDENT, "Угроза жизни: ", True, "угроза жизни или здоровью людей"),
)
"""Name, kind, how the subject begins, whether it is urgent, what it is for."""

_STATUSES = (
    (TaskStatus.IN_WORK, "принял и делаю"),
    (TaskStatus.DONE, "сделано, прошу проверить: приложите фото или акт"),
    (TaskStatus.EXTENSION_REQUESTED, "прошу другой срок: укажите причины, меры и новую дату"),
    (TaskStatus.REFUSED, "не наше: назовите, чье"),
    (TaskStatus.RETURNED, "возвращено на доработку"),
    (TaskStatus.CLOSED, "проверено и закрыто"),
)
_APPROVAL = (
    (TaskStatus.NEW, "план ждёт утверждения"),
    (TaskStatus.RETURNED, "план возвращён на доработку: в комментарии сказано, что исправить"),
    (TaskStatus.CLOSED, "план утверждён: его мероприятия стали задачами"),
)
"""What a plan's own statuses mean, where it has some."""


def text(
    shape: RedmineShape,
    project: str,
    name: str,
    trackers: Mapping[str, int],
    urgent: int | None,
) -> str:
    """Return the page in the site's markup.

    ``trackers`` are Redmine's numbers by name, ``urgent`` is that of the priority for what is urgent.
    """
    markdown = shape.markup == "markdown"
    head = "## " if markdown else "h2. "
    strong = "**" if markdown else "*"
    parts = [f"{head}{name}", f"{head}Записать за двадцать секунд"]
    forms = []
    for title, kind, subject, is_urgent, what in _FORMS:
        tracker = shape.tracker_names[kind]
        url = _form(project, trackers[tracker], subject, urgent if is_urgent else None)
        link = f"[{title}]({url})" if markdown else f'"{title}":{url}'
        forms.append(f"* {link} — {what}")
    parts.append("\n".join(forms))
    if shape.page:
        parts.append(f"{head}Для руководителей")
        parts.append(f"* [[{shape.page}]] — что открыто, просрочено, в аварии; вчера и неделя")
    parts.append(f"{head}Списки справа на странице «Задачи»")
    parts.append("\n".join(f"* {strong}{query.name}{strong}" for query in QUERIES))
    parts.append(f"{head}Что значат статусы")
    names, own = shape.status_names, shape.own_statuses(TaskKind.PLAN)
    meant = [(names[status], what) for status, what in _STATUSES]
    meant += [(own[status], what) for status, what in _APPROVAL if status in own]
    parts.append("\n".join(f"* {strong}{said}{strong} — {what}" for said, what in meant))
    return "\n\n".join(parts) + "\n"


def _form(project: str, tracker: int, subject: str, priority: int | None) -> str:
    """Return the address of a new issue's form with what is known already.

    A blank is written «%20»: Textile would leave a «+» at the end out of the link.
    """
    values = {"issue[tracker_id]": str(tracker), "issue[subject]": subject}
    if priority is not None:
        values["issue[priority_id]"] = str(priority)
    return f"/projects/{project}/issues/new?{urlencode(values, quote_via=quote)}"
