"""What tasks and letters tell of an incident: the same pairs wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mcur.playbooks.addresses import shown
from mcur.playbooks.counting import Tally, object_of, shares
from mcur.playbooks.crowded import MOST
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Block, Bullets, Heading
from mcur.playbooks.incidents import WHOLE, Incident
from mcur.playbooks.rules.base import Case


def pairs(case: Case, incident: Incident) -> tuple[tuple[str, str], ...]:
    """Return object, moment, reason and, where appeals make the incident, their number."""
    found = [
        (case.say("label.object"), case.place(incident)),
        (case.say("label.detected"), case.say("moment", at=incident.detected_at)),
        (case.say("label.reason"), incident.why),
    ]
    if incident.count:
        found.append((case.say("label.count"), str(incident.count)))
    return tuple(found)


def houses(case: Case, incident: Incident) -> tuple[Block, ...]:
    """Return the houses that an incident concerns, under their number, as many as a letter carries."""
    if not incident.houses:
        return ()
    named, rest = incident.houses[:MOST], len(incident.houses[MOST:])
    more = (case.say("form.more", count=rest),) if rest else ()
    return (
        Heading(text=case.say("label.houses", count=len(incident.houses))),
        Bullets(items=(*map(shown, named), *more)),
    )


def with_shares(case: Case, incident: Incident) -> tuple[tuple[str, str], ...]:
    """Return the same with the source and the topic that make the growth."""
    tallies = of_incident(case, incident, incident.detected_at)
    told = ((case.say("label.shares"), share_line(case, tallies)),) if tallies else ()
    return (*pairs(case, incident), *told)


def of_incident(case: Case, incident: Incident, at: datetime) -> list[Tally]:
    """Return the tallies of an incident's object on the day of ``at``; none where it was declared."""
    scope = getattr(case.playbook.rules.get("surge", {}).get(incident.rule), "scope", None)
    if scope is None:
        return []
    calendar = case.playbook.calendar
    day, by_house = calendar.day_bounds(calendar.day_of(at)), scope == "address"
    return [
        tally
        for tally in case.facts.tallies(*day, by_house=by_house)
        if case.playbook.owns(tally)
        and fold(object_of(tally, scope) or WHOLE) == fold(incident.object)
    ]


def share_line(case: Case, tallies: Sequence[Tally]) -> str:
    """Say which source and which topic make the growth («757 из 935: ОНФ; тема «Полигон»: 734»)."""
    total = sum(t.n for t in tallies)
    source, by_source = shares(tallies, "source")[0]
    topic, by_topic = shares(tallies, "subcategory")[0]
    return case.say(
        "surge.shares",
        total=total,
        source=case.say("source", source=source),
        by_source=by_source,
        topic=topic,
        by_topic=by_topic,
    )
