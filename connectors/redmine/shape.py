"""What one Redmine is called and what its things are called there.

Three profiles. ``full`` has our trackers, statuses and fields; ``mapped`` has the same under other
names; ``bare`` has stock trackers and statuses and no fields at all. Names are compared as Redmine
prints them. The defaults of ``bare`` are the Russian default data of Redmine itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from mcur.playbooks.facts import TaskKind, TaskStatus

Profile = Literal["full", "mapped", "bare"]
Markup = Literal["textile", "markdown"]

FULL_TRACKERS: Mapping[TaskKind, str] = {
    TaskKind.EXECUTOR: "Задача исполнителю",
    TaskKind.ASSIGNMENT: "Задание ЦУР",
    TaskKind.PLAN: "План",
    TaskKind.MEASURE: "Мероприятие",
    TaskKind.INCIDENT: "Инцидент",
    TaskKind.CALL: "Звонок",
    TaskKind.CHECKLIST: "Информирование",
    TaskKind.REVIEW: "Разбор",
    TaskKind.DAY: "Разбор",
    TaskKind.QUESTION: "Разбор",
}
BARE_TRACKERS: Mapping[TaskKind, str] = dict.fromkeys(TaskKind, "Поддержка")

FULL_STATUSES: Mapping[TaskStatus, str] = {
    TaskStatus.NEW: "Новая",
    TaskStatus.IN_WORK: "В работе",
    TaskStatus.ON_CONTROL: "На контроле",
    TaskStatus.EXTENSION_REQUESTED: "Запрошен перенос",
    TaskStatus.DONE: "На подтверждении",
    TaskStatus.RETURNED: "Возвращена",
    TaskStatus.REFUSED: "Отказ исполнителя",
    TaskStatus.CLOSED: "Закрыта",
    TaskStatus.REJECTED: "Отклонена",
}
FULL_STATUSES_OF: Mapping[TaskKind, Mapping[TaskStatus, str]] = {
    TaskKind.PLAN: {
        TaskStatus.NEW: "На согласовании",
        TaskStatus.IN_WORK: "На согласовании",
        TaskStatus.ON_CONTROL: "На согласовании",
        TaskStatus.EXTENSION_REQUESTED: "На согласовании",
        TaskStatus.DONE: "На согласовании",
        TaskStatus.REFUSED: "На согласовании",
        TaskStatus.RETURNED: "Возвращено",
        TaskStatus.CLOSED: "Утверждено",
    }
}
"""What statuses are called on one kind alone; those that are not named are called as everywhere."""
# Where several of ours fall on one of theirs, the first one listed is what a person means who
# chooses it there: «Нужен отклик» asks for something, it does not refuse.
BARE_STATUSES: Mapping[TaskStatus, str] = {
    TaskStatus.NEW: "Новая",
    TaskStatus.IN_WORK: "В работе",
    TaskStatus.ON_CONTROL: "В работе",
    TaskStatus.RETURNED: "В работе",
    TaskStatus.EXTENSION_REQUESTED: "Нужен отклик",
    TaskStatus.REFUSED: "Нужен отклик",
    TaskStatus.DONE: "Решена",
    TaskStatus.CLOSED: "Закрыта",
    TaskStatus.REJECTED: "Отклонена",
}

FULL_FIELDS: Mapping[str, str] = {
    "key": "Ключ",
    "clause": "Пункт регламента",
    "source": "Источник",
    "number": "Номер обращения",
    "address": "Адрес",
    "category": "Категория",
    "subcategory": "Подкатегория",
    "due_at": "Срок (дата и время)",
    "indicator": "Показатель",
    "result": "Результат",
    "rating": "Оценка",
    "called_at": "Время звонка",
    "measures": "Меры",
    "causes": "Причины",
    "prevention": "Упреждение",
}


def trackers_by_kind(profile: Profile, named: Mapping[TaskKind, str]) -> dict[TaskKind, str]:
    """Return the tracker of each kind of task: what the configuration names, else the profile's."""
    return {**(BARE_TRACKERS if profile == "bare" else FULL_TRACKERS), **named}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedmineShape:
    """One Redmine as the site's configuration describes it.

    ``key`` is the API key of the daemon's own account, which needs no administrator's rights.
    ``project`` is the identifier of the project for tasks; ``projects`` sends some kinds (or
    projects named by a task) elsewhere, ``blocks`` what would stand in ``project`` into the project of
    its block. ``trackers``, ``statuses`` and ``fields`` replace single
    names of the profile, ``statuses_of`` statuses of one kind; a field may be given by its number
    where the name cannot be looked up.
    ``people`` are logins and full names of the site's directory, used only where the account may
    not read logins. ``ca_file`` is the PEM file of the authority that signed the certificate.
    """

    name: str
    url: str
    key: str = field(repr=False)
    project: str
    zone: ZoneInfo
    projects: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = "bare"
    ca_file: Path | None = None
    trackers: Mapping[TaskKind, str] = field(default_factory=dict)
    statuses: Mapping[TaskStatus, str] = field(default_factory=dict)
    statuses_of: Mapping[TaskKind, Mapping[TaskStatus, str]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    urgent: str = "Срочный"
    """Priority of an urgent task."""
    markup: Markup = "textile"
    page: str = ""
    """Title of the page for managers; empty where none is kept."""
    connect_timeout: float = 10.0
    read_timeout: float = 30.0

    @property
    def has_fields(self) -> bool:
        """Whether keys and terms stand in custom fields; in ``bare`` they stand in the text."""
        return self.profile != "bare"

    @property
    def tracker_names(self) -> dict[TaskKind, str]:
        """Name of the tracker for each kind of task."""
        return trackers_by_kind(self.profile, self.trackers)

    @property
    def status_names(self) -> dict[TaskStatus, str]:
        """Name of the status for each of ours."""
        stock = FULL_STATUSES if self.has_fields else BARE_STATUSES
        return {**stock, **self.statuses}

    @property
    def field_names(self) -> dict[str, str]:
        """Name (or number) of the custom field for each of ours; empty in ``bare``."""
        return {**FULL_FIELDS, **self.fields} if self.has_fields else {}

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifiers of all projects that tasks may stand in, each once."""
        every = (self.project, *self.projects.values(), *self.blocks.values())
        return tuple(dict.fromkeys(every))

    def project_for(self, kind: TaskKind, wanted: str = "", block: str = "") -> str:
        """Choose the project: what the task names, then by its kind, then by its block, then the default."""
        if wanted in self.projects:
            return self.projects[wanted]
        if wanted in self.identifiers:
            return wanted
        return self.projects.get(kind) or self.project_of(block) or self.project

    def project_of(self, block: str) -> str | None:
        """Return the project of a block, ``None`` where it has none of its own."""
        theirs = {name.casefold(): project for name, project in self.blocks.items()}
        return theirs.get(block.casefold())

    def kinds_in(self, identifier: str) -> list[TaskKind]:
        """List the kinds of tasks that may stand in a project."""
        stands = self.project if identifier in self.blocks.values() else identifier
        return [kind for kind in TaskKind if self.project_for(kind) in (identifier, stands)]

    def kind_of(self, tracker: str) -> TaskKind | None:
        """Name the kind behind a tracker; ``None`` where several kinds share it or none does."""
        kinds = [kind for kind, name in self.tracker_names.items() if name == tracker]
        return kinds[0] if len(kinds) == 1 else None

    def own_statuses(self, kind: TaskKind | None) -> dict[TaskStatus, str]:
        """Name of the status for each of ours that is called otherwise on this kind alone.

        None where its tracker is not its alone: there nothing tells what a person meant.
        """
        if kind is None:
            return {}
        stock = FULL_STATUSES_OF.get(kind, {}) if self.profile == "full" else {}
        own = {**stock, **self.statuses_of.get(kind, {})}
        return own if own and self.kind_of(self.tracker_names[kind]) is kind else {}

    def names_of(self, status: TaskStatus, kind: TaskKind | None, key: str | None) -> list[str]:
        """List the names of a status: its kind's own one, where there is one, and the common one.

        A plan that was published under its own key waits for nobody: it is work like any other.
        """
        own = {} if (key or "").startswith("plan:") else self.own_statuses(kind)
        names = [own[status]] if status in own else []
        return list(dict.fromkeys([*names, self.status_names[status]]))

    def status_of(
        self,
        name: str,
        *,
        closed: bool,
        kind: TaskKind | None = None,
        marked: TaskStatus | None = None,
    ) -> TaskStatus:
        """Read a status back, by the names of its kind and by those that hold everywhere.

        ``marked`` is what the daemon wrote into the text; it counts only while the issue still
        stands in the status that belongs to it, so that a person's move wins. A status that is
        not ours counts by whether it closes the issue.
        """
        names, own = self.status_names, self.own_statuses(kind)
        if marked is not None and name in (names[marked], own.get(marked)):
            return marked
        both = (*own.items(), *names.items())
        known = next((status for status, theirs in both if theirs == name), None)
        return known or (TaskStatus.CLOSED if closed else TaskStatus.IN_WORK)
