"""What of a regulation is performed, helped with and left to people, clause by clause."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mcur.playbooks.load import cited
from mcur.playbooks.playbook import Clause, Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A clause: ``how`` is ``performed``, ``helped``, ``human`` or ``uncovered``; by which rules, or why."""

    clause: Clause
    how: str
    rules: tuple[str, ...]
    reason: str


def coverage(playbook: Playbook) -> list[Covered]:
    """Say for each clause who does it, in the order of the text.

    A rule that cites a clause performs it, or helps with it where the table of clauses says that
    a person decides. What no rule cites is people's where the playbook says why.
    """
    rules: dict[str, list[str]] = {clause: ["directory"] for clause in playbook.directory}
    if playbook.act.effective_from:
        rules[playbook.act.clause] = ["act"]
    for kind, table in playbook.rules.items():
        for rule in table.values():
            for clause in dict.fromkeys(cited(rule)):
                rules.setdefault(clause, []).append(f"{kind}.{rule.id}")
    return [
        Covered(
            clause=clause,
            how=_how(clause, named=clause.id in rules, left=clause.id in playbook.human),
            rules=tuple(rules.get(clause.id, ())),
            reason=playbook.human.get(clause.id, ""),
        )
        for clause in playbook.clauses.values()
    ]


def counts(found: list[Covered]) -> dict[str, int]:
    """Count clauses by who does them."""
    by = Counter(one.how for one in found)
    return {"clauses": len(found)} | {
        how: by[how] for how in ("performed", "helped", "human", "uncovered")
    }


def _how(clause: Clause, *, named: bool, left: bool) -> str:
    if named:
        return "performed" if clause.automation == "auto" else "helped"
    return "human" if left else "uncovered"
