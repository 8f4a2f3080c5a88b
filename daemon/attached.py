"""As many files on a task as were to be there; what its tracker did not take is said."""

from __future__ import annotations

from mcur.playbooks.facts import TaskSeen
from mcur.playbooks.intents import CreateTask, RaiseFlag
from mcur.playbooks.playbook import Playbook


def missing(effect: CreateTask, seen: TaskSeen, playbook: Playbook) -> RaiseFlag | None:
    """Return what to say of files that are not on a task; ``None`` where all of them are.

    A file that is left out stays among the blobs, under the digest that the flag names.
    """
    if len(seen.attachments) >= len(effect.attachments):
        return None
    there = list(seen.attachments)
    left = []
    for file in effect.attachments:
        if file.name in there:
            there.remove(file.name)
        else:
            left.append(file)
    text = playbook.texts.say(
        "attached.missing",
        zone=playbook.calendar.zone,
        named=seen.ident,
        total=len(effect.attachments),
        shown=len(seen.attachments),
        files=[f"{file.name} ({file.digest[:16]})" for file in left],
    )
    return RaiseFlag(
        key=f"flag:{effect.key}:files",
        cite=effect.cite.model_copy(update={"why": text}),
        object=effect.key,
        text=text,
    )
