"""Letters that wait for a word: is what they say still so when the word comes."""

from __future__ import annotations

import re

from mcur.playbooks.facts import Draft
from mcur.playbooks.rules.base import Case

_OBJECT = re.compile(r":((?:incident|task|measure):.+)$")


def is_stale(draft: Draft, case: Case) -> bool:
    """Whether what the letter is about has ended since it was written.

    An incident that was closed or dismissed; for a step of a ladder also a task that was closed. The
    answer that a closed assignment is owed is no such step.
    """
    found = _OBJECT.search(draft.key)
    key = found[1] if found else ""
    while key:
        incident = case.facts.incident(key)
        if incident is not None:
            return not incident.is_open
        task = case.facts.task(key)
        if task is not None:
            return draft.rule in case.playbook.rules["ladder"] and not task.status.is_open
        key = key.rpartition(":")[0]
    return False
