"""One decision: intents become rows, in one transaction, each key once.

Records are kept and told at once; effects go into the outbox. Several changes of one task in one
decision leave as one. What asks for too many tasks at once is held by the fuse.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcur.playbooks.climbs import Climb
from mcur.playbooks.documents import words_of
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import (
    Announced,
    AnswerAct,
    ChangeIncident,
    Cite,
    CreateTask,
    EndTerm,
    FetchFile,
    FileDocument,
    Finding,
    Intent,
    KeepExtension,
    KeepPage,
    KeepPlan,
    KeepReport,
    MarkDone,
    MoveTerm,
    NoteAbsence,
    OpenIncident,
    Outcome,
    PassFile,
    PrepareDraft,
    RaiseFlag,
    ReleaseDraft,
    ReportState,
    SendLetter,
    SortLetter,
    StartTerm,
    TakeAct,
    Tell,
    TermOutcome,
    UpdateTask,
)
from mcur.playbooks.joining import JoinTask, TellJoined
from mcur.state import flags, pages
from mcur.state.climbs import Climbs
from mcur.state.gathered import merged
from mcur.state.journal import Event, append
from mcur.state.rows import dump
from mcur.state.stamps import text_of, text_or_none

if TYPE_CHECKING:
    from mcur.state.store import State

Route = Callable[[str], str]
"""Names the destination of an effect: the tracker that takes a kind of task, or ``courier``."""


class Decision:
    """The writing side of one decision; lives inside one transaction of ``State``."""

    def __init__(self, state: State, route: Route, now: datetime) -> None:
        self._state = state
        self._db = state.db
        self._route = route
        self._now = now
        self._updates: dict[str, UpdateTask] = {}
        self.new_tasks: list[CreateTask] = []
        self.keeps_fresh = False
        """Whether the next decision shall see the same news again: a rule could not look at it."""
        self._hands: dict[type, Callable[[Any], None]] = {
            CreateTask: self._create,
            UpdateTask: self._update,
            SendLetter: self._letter,
            FileDocument: self._file,
            PassFile: self._pass,
            FetchFile: self._fetch,
            KeepPage: self._page,
            StartTerm: self._term,
            EndTerm: self._term,
            MoveTerm: self._term,
            KeepReport: self._report,
            Finding: self._finding,
            Tell: self._told,
            MarkDone: self._mark,
            Climb: Climbs(state.db).keep,
            RaiseFlag: self._flag,
            PrepareDraft: self._draft,
            ReleaseDraft: self._release,
            OpenIncident: self._open,
            ChangeIncident: self._change,
            KeepPlan: state.incidents.keep_plan,
            KeepExtension: state.extensions.keep,
            SortLetter: self._sort,
            TakeAct: self._act,
            Announced: self._announced,
            JoinTask: state.joined.keep,
            TellJoined: state.joined.told,
            AnswerAct: self._answer,
            NoteAbsence: self._absent,
        }

    def take(self, intent: Intent) -> None:
        """Keep one intent."""
        self._hands[type(intent)](intent)

    def finish(self) -> None:
        """Queue the gathered changes and end the freshness of what was decided on."""
        for update in self._updates.values():
            self._state.outbox.put(update, self._tracker_of(update.task), self._now)
        self._updates.clear()
        self._db.execute("UPDATE acts SET state = 'done' WHERE state = 'accepted'")
        if self.keeps_fresh:
            return
        self._state.tasks.settle()
        self._state.mirrors.settle()
        self._db.execute("DELETE FROM fresh_appeals")
        self._db.execute("UPDATE indices SET fresh = 0 WHERE fresh = 1")
        self._db.execute("UPDATE terms SET fresh = 0 WHERE fresh = 1")

    def hold(self, tasks: list[CreateTask]) -> None:
        """Hold these tasks back: the fuse."""
        self._state.outbox.hold([task.key for task in tasks])

    # --- effects ------------------------------------------------------------------------------------

    def _create(self, effect: CreateTask) -> None:
        if not self._new_key(effect.key, "task"):
            return
        destination = self._route(effect.kind)
        self._state.tasks.decide(effect, destination.removeprefix("tracker:"), self._now)
        self._state.outbox.put(effect, destination, self._now)
        if effect.kind in {TaskKind.EXECUTOR, TaskKind.ASSIGNMENT}:
            self.new_tasks.append(effect)

    def _update(self, effect: UpdateTask) -> None:
        if not self._new_key(effect.key, "update"):
            return
        self._state.tasks.change(effect, self._now)
        gathered = self._updates.get(effect.task)
        self._updates[effect.task] = merged(gathered, effect) if gathered else effect

    def _tracker_of(self, key: str) -> str:
        task = self._state.tasks.get(key)
        return f"tracker:{task.tracker}" if task else self._route("executor")

    # --- records ------------------------------------------------------------------------------------

    def _term(self, intent: StartTerm | EndTerm | MoveTerm) -> None:
        match intent:
            case StartTerm():
                if not self._start_term(intent):
                    return
                data: dict[str, Any] = {"due_at": intent.due_at, "ended_at": None}
                self._tell("term.started", intent.key, intent.cite, data)
            case MoveTerm():
                self._db.execute(
                    "UPDATE terms SET due_at = ?, why = ?,"
                    " outcome = CASE WHEN outcome = 'breached' AND ? > ? THEN NULL ELSE outcome END"
                    " WHERE key = ?",
                    (
                        text_of(intent.due_at), intent.cite.why, text_of(intent.due_at),
                        text_of(self._now), intent.key,
                    ),
                )  # fmt: skip
            case EndTerm():
                self._end_term(intent)

    def _start_term(self, term: StartTerm) -> bool:
        known = self._db.execute("SELECT outcome FROM terms WHERE key = ?", (term.key,)).fetchone()
        if known and known[0] is None:
            return False
        self._new_key(term.key, "term")
        self._db.execute(
            "INSERT OR REPLACE INTO terms (key, playbook, rule, clause, object, started_at, due_at,"
            " wakes, fresh, why) VALUES (?,?,?,?,?,?,?,?,1,?)",
            (
                term.key, term.cite.playbook, term.cite.rule, term.cite.clause, term.object,
                text_of(term.started_at), text_of(term.due_at), not term.quiet, term.cite.why,
            ),
        )  # fmt: skip
        return True

    def _end_term(self, end: EndTerm) -> None:
        before = self._db.execute(
            "SELECT outcome, due_at FROM terms WHERE key = ?", (end.key,)
        ).fetchone()
        if before is None or before[0] == end.outcome:
            return
        self._db.execute(
            "UPDATE terms SET outcome = ?, ended_at = ?, fresh = 1, why = ? WHERE key = ?",
            (end.outcome, text_or_none(end.ended_at), end.cite.why, end.key),
        )
        if end.outcome is not TermOutcome.CANCELLED:
            data = {"due_at": datetime.fromisoformat(before[1]), "ended_at": end.ended_at}
            self._tell(f"term.{end.outcome}", end.key, end.cite, data)

    def _report(self, keep: KeepReport) -> None:
        document = keep.document.model_dump_json() if keep.document else None
        self._db.execute(
            "INSERT INTO reports (key, playbook, rule, day, state, document, decided_at, reviewed_by)"
            " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (key) DO UPDATE SET state = excluded.state,"
            " document = coalesce(excluded.document, document), decided_at = excluded.decided_at,"
            " reviewed_by = coalesce(excluded.reviewed_by, reviewed_by)",
            (
                keep.key, keep.cite.playbook, keep.rule, keep.day.isoformat(), keep.state,
                document, text_of(keep.at or self._now), keep.reviewed_by,
            ),
        )  # fmt: skip
        if keep.state is ReportState.DECIDED:
            self._db.execute(
                "UPDATE reports SET named = 1 WHERE playbook = ? AND rule = ? AND state = 'missed'",
                (keep.cite.playbook, keep.rule),
            )

    def _letter(self, letter: SendLetter) -> None:
        if self._new_key(letter.key, "letter"):
            self._state.outbox.put(letter, self._route("letter"), self._now)

    def _file(self, filed: FileDocument) -> None:
        if self._new_key(filed.key, "document"):
            self._state.outbox.put(filed, self._route("document"), self._now)

    def _pass(self, passed: PassFile) -> None:
        if self._new_key(passed.key, "file"):
            self._state.outbox.put(passed, self._route(f"feed:{passed.feed}"), self._now)

    def _fetch(self, fetched: FetchFile) -> None:
        if self._new_key(fetched.key, "file"):
            self._state.outbox.put(fetched, self._tracker_of(fetched.task), self._now)

    def _page(self, page: KeepPage) -> None:
        """Queue a page that says something new; the words on when it changed are none."""
        if self._new_key(page.key, "page"):
            pages.put(self._state, page, self._now)

    def _told(self, line: Tell) -> None:
        occasion = f":{line.occasion}" if line.occasion else ""
        if self._new_key(f"{line.event}:{line.key}{occasion}", "event"):
            self._state.tell(
                Event(
                    at=self._now, event=line.event, cite=line.cite, key=line.key,
                    to=line.to or None, subject=line.subject, late=line.late, data=line.data,
                )
            )  # fmt: skip

    def _mark(self, done: MarkDone) -> None:
        self._new_key(done.key, "mark")

    def _open(self, intent: OpenIncident) -> None:
        if self._state.incidents.open(intent):
            self._incident("incident.opened", intent.key, intent.cite)

    def _change(self, intent: ChangeIncident) -> None:
        if self._state.incidents.change(intent) and intent.event:
            self._incident(f"incident.{intent.event}", intent.key, intent.cite)

    def _incident(self, event: str, key: str, cite: Cite) -> None:
        """Tell of an incident as it stands now."""
        incident = self._state.incidents.get(key)
        if incident is not None:
            data = {
                "rule": incident.rule, "object": incident.object, "count": incident.count,
                "houses": list(incident.houses), "mode": incident.mode, "state": incident.state,
            }  # fmt: skip
            self._tell(event, key, cite, data)

    def _sort(self, letter: SortLetter) -> None:
        """Keep what a letter is; the journal says by which row of which rule."""
        self._state.letters.sort(letter)
        if letter.cite is not None:
            sorted_ = Event(
                at=self._now, event=f"letter.{letter.what}", cite=letter.cite,
                key=f"letter:{letter.digest}",
            )  # fmt: skip
            append(self._db, sorted_, evidence="; ".join(letter.row))

    def _act(self, taken: TakeAct) -> None:
        self._state.add_act(taken.act)

    def _announced(self, told: Announced) -> None:
        tasks = self._state.tasks
        playbook = next((t.playbook for t in map(tasks.get, told.tasks) if t), "")
        tasks.announced(told.tasks, playbook, told.executor, self._now)
        self._state.joined.mailed(told.tasks)

    def _absent(self, absence: NoteAbsence) -> None:
        away = (absence.first.isoformat(), absence.last.isoformat(), absence.substitute)
        self._db.execute(
            "INSERT OR REPLACE INTO absences VALUES (?,?,?,?)", (absence.person, *away)
        )

    def _answer(self, answer: AnswerAct) -> None:
        """Keep what became of an act; the journal names who did it."""
        state = "refused" if answer.refused else "accepted"
        self._db.execute(
            "UPDATE acts SET state = ?, why = ?, key = coalesce(nullif(?, ''), key) WHERE ident = ?",
            (state, answer.refused or "", answer.key, answer.ident),
        )
        event = f"act.{answer.do}" if answer.refused is None else "act.refused"
        done = Event(at=self._now, event=event, cite=answer.cite, key=answer.key)
        append(self._db, done, by=answer.by, evidence=answer.ident)

    def _finding(self, finding: Finding) -> None:
        cite, day = finding.cite, finding.day.isoformat()
        where = (cite.playbook, cite.rule, finding.object, day)
        row = self._db.execute(
            "SELECT outcome, why, numbers FROM findings"
            " WHERE playbook = ? AND rule = ? AND object = ? AND day = ?",
            where,
        ).fetchone()
        if row and tuple(row) == (finding.outcome, cite.why, dump(finding.numbers)):
            return
        self._db.execute(
            "INSERT OR REPLACE INTO findings VALUES (?,?,?,?,?,?,?,?,?)",
            (
                *where,
                cite.clause,
                finding.outcome,
                cite.why,
                dump(finding.numbers),
                text_of(self._now),
            ),
        )
        if finding.outcome is Outcome.NOT_COMPUTABLE and not (row and row[0] == finding.outcome):
            key = f"finding:{cite.playbook}:{cite.rule}:{finding.object}:{day}"
            self._tell("rule.not_computable", key, cite, {"object": finding.object})

    def _flag(self, flag: RaiseFlag) -> None:
        flags.keep(self._state, flag, self._now)

    def _draft(self, draft: PrepareDraft) -> None:
        if not self._new_key(draft.key, "draft"):
            return
        self._state.drafts.keep(draft, self._now)
        letter = draft.letter
        data = {"to": list(letter.to), "text": words_of(letter.document), "attachments": []}
        self._tell("draft.prepared", draft.key, draft.cite, data, subject=letter.subject)

    def _release(self, release: ReleaseDraft) -> None:
        """Let a waiting letter go, or end its waiting."""
        state = "released" if release.released else "expired"
        letter = self._state.drafts.end(release.key, state)
        if letter is None:
            return
        if release.released:
            self.take(letter)
        self._tell(f"draft.{state}", release.key, release.cite, {})

    def _tell(
        self,
        event: str,
        key: str,
        cite: Cite,
        data: dict[str, Any],
        subject: str | None = None,
        to: tuple[str, ...] = (),
    ) -> None:
        self._state.tell(
            Event(
                at=self._now, event=event, cite=cite, key=key, to=to or None, subject=subject,
                data=data,
            )
        )  # fmt: skip

    def _new_key(self, key: str, kind: str) -> bool:
        cursor = self._db.conn.execute(
            "INSERT OR IGNORE INTO keys VALUES (?,?,?)", (key, kind, text_of(self._now))
        )
        return bool(cursor.rowcount)
