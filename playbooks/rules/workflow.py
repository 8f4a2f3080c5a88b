"""Kind ``workflow``: messages that live in another system, with the moves that its rules allow.

We mirror: the task of a message follows it, and what the rules forbid is flagged, never rejected. The
whole history of a message is gone through whenever it changes; each step has its own keys, so that
nothing is said twice. A column that an export does not have is not checked, an empty one is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Appeal, AppealStatus, Task, TaskStatus
from mcur.playbooks.intents import Intent, MarkDone, RaiseFlag, UpdateTask
from mcur.playbooks.mirrored import AppealStep
from mcur.playbooks.rules.base import Case, Kind, Rule
from mcur.playbooks.rules.intake import due_by_topic

_ENDED = frozenset({AppealStatus.CLOSED, AppealStatus.REJECTED})
OF_TASK = {
    AppealStatus.NEW: TaskStatus.NEW,
    AppealStatus.ACCEPTED: TaskStatus.IN_WORK,
    AppealStatus.IN_WORK: TaskStatus.IN_WORK,
    AppealStatus.DEFERRED: TaskStatus.IN_WORK,
    AppealStatus.RETURNED: TaskStatus.RETURNED,
    AppealStatus.MODERATION: TaskStatus.DONE,
    AppealStatus.CLOSED: TaskStatus.CLOSED,
    AppealStatus.REJECTED: TaskStatus.REJECTED,
}
"""What the status of a message says of its task."""

_KEPT = frozenset({"status", "executor", "on_control", "controller", "due_at"})
"""Where a message stands, who has it, until when: an empty cell of an export takes none of it back."""


class Move(Rule):
    """Moves that the text allows: from each of these states into each of those."""

    id: str = ""
    clause: str
    before: tuple[AppealStatus, ...]
    after: tuple[AppealStatus, ...]


class Workflow(Rule):
    """The life of a message: allowed moves, and the clause of each thing that is looked at.

    ``control``: on control only the controller completes. ``moderation``: what the executor has done
    goes back to the controller. ``answer``: completed with a public comment. ``handover``: the
    chosen organisation answers. ``reopening``, ``silent_reopening`` and ``withdrawal`` are the
    applicant's. ``controller`` is the role that is reminded where nobody is named.
    """

    sources: tuple[str, ...]
    moves: tuple[Move, ...]
    controller: str
    executor: str
    control_clause: str
    moderation_clause: str
    answer_clause: str
    handover_clause: str
    keeping_clause: str
    reopening_clause: str
    silent_reopening_clause: str
    withdrawal_clause: str


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a message, with what rules ask of it."""

    raw: AppealStep
    name: str
    """Source and number of the message."""

    def status(self, values: Mapping[str, str]) -> AppealStatus | None:
        """Return the state that a row says; unknown words are no state."""
        word = values.get("status", "")
        return AppealStatus(word) if word in set(AppealStatus) else None

    @property
    def was(self) -> AppealStatus | None:
        """The state before."""
        return self.status(self.raw.before)

    @property
    def now(self) -> AppealStatus | None:
        """The state after."""
        return self.status(self.raw.after)

    @property
    def moved(self) -> bool:
        """Whether the message has got another state, its first one included."""
        return self.now is not None and self.now is not self.was

    @property
    def is_reopened(self) -> bool:
        """Whether an ended message is open again."""
        return self.moved and self.was in _ENDED and self.now not in _ENDED

    @property
    def on_control(self) -> bool:
        """Whether somebody has taken the message on control."""
        return self.raw.after.get("on_control", "").casefold() == "true"

    def at(self) -> datetime:
        """Return when it happened: the row's own stamp of the change, else when the export came."""
        stamp = self.raw.after.get("status_changed_at")
        return (
            datetime.fromisoformat(stamp)
            if stamp and self.raw.changes("status_changed_at")
            else self.raw.at
        )


def decide(rule: Workflow, case: Case) -> Iterator[Intent]:
    """Go through the steps of each message that is new or changed."""
    for change in case.facts.fresh_appeals():
        appeal = change.appeal
        if change.history or appeal.spam or appeal.source not in rule.sources:
            continue
        if not case.playbook.owns(appeal):
            continue
        name = f"{appeal.source}:{appeal.number}"
        for raw in _steps(case, appeal.source, appeal.number):
            step = Step(raw, name)
            yield from _flags(rule, case, appeal, step)
            yield from _follow(rule, case, appeal, step)


def _steps(case: Case, source: str, number: str) -> Iterator[AppealStep]:
    """Yield the steps of a message; what an export left empty of its way stays as it was."""
    known: dict[str, str] = {}
    for step in case.facts.steps_of(source, number):
        before, after = {**known, **step.before}, {**known, **step.after}
        known = {name: value for name, value in after.items() if name in _KEPT}
        yield replace(step, before=before, after=after)


# --- what is flagged ------------------------------------------------------------------------------------


def _flags(rule: Workflow, case: Case, appeal: Appeal, step: Step) -> Iterator[RaiseFlag]:
    for text, clause in _faults(rule, step):
        yield _flag(rule, case, appeal, step, text, clause)


def _faults(rule: Workflow, step: Step) -> Iterator[tuple[str, str]]:
    """Name what is to be said of a step, each with its clause."""
    after = step.raw.after
    if step.raw.changes("withdrawn_at") and step.was in _ENDED:
        yield "withdrawn_late", rule.withdrawal_clause
    if not step.moved:
        return
    if step.now is AppealStatus.CLOSED:
        yield from _faults_of_completion(rule, step)
    if step.now is AppealStatus.MODERATION and step.on_control:
        yield "moderation", rule.moderation_clause
    if step.is_reopened and after.get("reopen_comment") == "":
        yield "reopened_silently", rule.silent_reopening_clause
    if step.was and "withdrawn_at" not in after and not _is_allowed(rule, step):
        yield "not_allowed", rule.clause


def _faults_of_completion(rule: Workflow, step: Step) -> Iterator[tuple[str, str]]:
    if step.on_control and step.raw.before and step.was is not AppealStatus.MODERATION:
        yield "past_control", rule.control_clause
    if step.raw.after.get("public_comment") == "":
        yield "no_answer", rule.answer_clause


def _is_allowed(rule: Workflow, step: Step) -> bool:
    if (
        step.now is AppealStatus.MODERATION
        and not step.on_control
        and "on_control" in step.raw.after
    ):
        return False
    return any(step.was in move.before and step.now in move.after for move in rule.moves)


def _flag(
    rule: Workflow, case: Case, appeal: Appeal, step: Step, text: str, clause: str
) -> RaiseFlag:
    why = case.say(f"workflow.{text}", appeal=appeal, step=step, controller=_controller(case, step))
    to = _keeper(rule, case, step) if text == "moderation" else _executor(rule, step)
    return RaiseFlag(
        key=f"flag:{case.playbook.id}:{clause}:{step.name}:{step.raw.number}",
        cite=case.cite(rule, why, clause=clause),
        object=f"task:{case.playbook.id}:{step.name}",
        text=why,
        to=(to,),
    )


def _executor(rule: Workflow, step: Step) -> str:
    named = step.raw.after.get("executor")
    return f"executor:{named}" if named else rule.executor


def _controller(case: Case, step: Step) -> str:
    """Name the controller: who is named, else the executor who kept the message when handing it on.

    Who has it from him may hand it on too: the first keeper stays, as long as it is on control.
    """
    named = step.raw.after.get("controller")
    if named:
        return named
    source, _, number = step.name.partition(":")
    former = keeper = ""
    for raw in _steps(case, source, number):
        if raw.number > step.raw.number:
            break
        handed = raw.changes("executor") and "executor" in raw.before
        former = raw.before["executor"] if handed else former
        on_control = Step(raw, step.name).on_control
        keeper = (keeper or (former if handed else "")) if on_control else ""
    return keeper or former


def _keeper(rule: Workflow, case: Case, step: Step) -> str:
    named = _controller(case, step)
    known = case.facts.directory.executor(named) if named else None
    return f"executor:{known.name}" if known else rule.controller


# --- what the task follows --------------------------------------------------------------------------------


def _follow(
    rule: Workflow, case: Case, appeal: Appeal, step: Step
) -> Iterator[UpdateTask | MarkDone]:
    """Follow a step once, when it is seen; what changed nothing then changes nothing later."""
    task = case.facts.task(f"task:{case.playbook.id}:{step.name}")
    key = f"update:task:{case.playbook.id}:{step.name}:step:{step.raw.number}"
    # The task was made of the first row; a step of this key was followed already.
    if task is None or not step.raw.before or case.facts.knows(key):
        return
    news, lines, clause = _news(rule, case, appeal, step, task)
    if news:
        why = " ".join(lines)
        yield UpdateTask(
            key=key,
            cite=case.cite(rule, why, clause=clause),
            task=task.key,
            note=plain(*lines),
            **news,
        )
    else:
        yield MarkDone(key=key)


def _news(
    rule: Workflow, case: Case, appeal: Appeal, step: Step, task: Task
) -> tuple[dict[str, Any], list[str], str]:
    if step.raw.changes("withdrawn_at") and step.was not in _ENDED:
        line = case.say("workflow.withdrawn", appeal=appeal)
        closing: dict[str, Any] = {"status": TaskStatus.CLOSED} if task.status.is_open else {}
        return closing, [line], rule.withdrawal_clause
    news, lines, clause = _handover(rule, case, step, task)
    if step.is_reopened:
        due = _new_due(case, appeal, step)
        news |= _back_to_work(case, step) | ({"due_at": due} if due else {})
        lines.append(case.say("workflow.reopened", step=step, due=due))
        return news, lines, rule.reopening_clause
    if step.raw.changes("due_at") and step.raw.after.get("due_at"):
        news["due_at"] = datetime.fromisoformat(step.raw.after["due_at"])
        lines.append(case.say("workflow.due", due=news["due_at"]))
    if step.moved and OF_TASK[step.now or AppealStatus.NEW] is not task.status:
        moved, told = _moved(rule, case, step)
        news |= moved
        lines.append(case.say("workflow.moved", step=step))
        clause = told or clause
    return news, lines, clause


def _moved(rule: Workflow, case: Case, step: Step) -> tuple[dict[str, Any], str]:
    """Say how the task follows a move, and which clause asks for it."""
    news: dict[str, Any] = {"status": OF_TASK[step.now or AppealStatus.NEW]}
    if step.now is AppealStatus.MODERATION and step.on_control:
        return news | {"assignee": _keeper(rule, case, step)}, rule.moderation_clause
    if step.now is AppealStatus.CLOSED:
        return news, rule.control_clause if step.on_control else rule.answer_clause
    if step.now is AppealStatus.REJECTED:
        silent = step.raw.after.get("reopen_comment") == ""
        return news, rule.silent_reopening_clause if silent else ""
    if step.was is AppealStatus.MODERATION:
        return _back_to_work(case, step), ""
    return news, ""


def _back_to_work(case: Case, step: Step) -> dict[str, Any]:
    """What a controller had in hand is the executor's again."""
    known = case.facts.directory.executor(step.raw.after.get("executor"))
    news: dict[str, Any] = {"status": OF_TASK[step.now or AppealStatus.NEW]}
    return news | ({"assignee": f"executor:{known.name}"} if known else {})


def _handover(
    rule: Workflow, case: Case, step: Step, task: Task
) -> tuple[dict[str, Any], list[str], str]:
    """Another organisation answers now; who keeps the message on control is named."""
    if not step.raw.changes("executor") or step.now in _ENDED:
        return {}, [], rule.clause
    named = step.raw.after.get("executor", "")
    known = case.facts.directory.executor(named)
    assignee = f"executor:{known.name}" if known else task.assignee
    text = "handed_on_control" if step.on_control else "handed"
    line = case.say(
        f"workflow.{text}", named=named, former=step.raw.before.get("executor", ""),
        controller=_controller(case, step),
    )  # fmt: skip
    clause = rule.keeping_clause if step.on_control else rule.handover_clause
    return {"assignee": assignee}, [line], clause


def _new_due(case: Case, appeal: Appeal, step: Step) -> datetime | None:
    """Count the term of the topic anew; a new term of the feed itself comes first."""
    named = step.raw.after.get("due_at")
    if named and step.raw.changes("due_at"):
        return datetime.fromisoformat(named)
    topical = due_by_topic(case, appeal, step.at())
    if topical is None and named:
        return step.at() + (datetime.fromisoformat(named) - appeal.received_at)
    return topical


def _shape(table: dict[str, Any]) -> Workflow:
    return Workflow.model_validate(table)


def _roles(rule: Workflow) -> tuple[str, ...]:
    return (rule.controller, rule.executor)


KIND: Kind[Workflow] = Kind(name="workflow", shape=_shape, decide=decide, roles=_roles)
