"""What the people and playbooks of ``mcur.toml`` say against each other.

Each check names the tables that it reads: where one of them is broken already, the check stays
silent instead of telling what only follows from that. See also ``settings_connector_checks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcur.daemon.settings_errors import Finding, Loc, near, not_known
from mcur.daemon.settings_site import Needs, PlaybookNeeds, Settings
from mcur.playbooks.directory import Notify, fold
from mcur.playbooks.facts import TaskKind

# Organisations, temporary groups and the public: nobody holds these roles by configuration
# (contract, "Scenario").
NOBODYS_ROLES = frozenset(
    {"executor", "uo", "uk", "applicant", "residents", "wg", "hq", "hq_head", "controller"}
)

Check = Callable[[Settings], Iterator[Finding]]
PlaybookCheck = Callable[[Settings, Needs], Iterator[Finding]]


def _playbooks(settings: Settings, known: Needs) -> Iterator[Finding]:
    if not settings.playbooks:
        yield Finding(("playbooks",), f"names no regulation{near('', known)}")
    for place, ident in enumerate(settings.playbooks):
        if ident not in known:
            yield Finding(("playbooks", place), not_known(ident, "playbook", known))
        elif ident in settings.playbooks[:place]:
            yield Finding(("playbooks", place), f'"{ident}" stands here twice')


def _sides(settings: Settings, known: Needs) -> Iterator[Finding]:
    sides = sorted(frozenset[str]().union(*(needs.sides for needs in settings.needs(known))))
    for place, side in enumerate(settings.sides):
        if sides and side not in sides:
            yield Finding(("sides", place), not_known(side, "side", sides))


def _paths_of_values(settings: Settings) -> Iterator[Finding]:
    for path in settings.values:
        if "." not in path:
            yield Finding(
                ("set", path),
                'is not a whole path; write it in quotes: "<playbook>.<kind>.<rule>.<parameter>" = …',
            )


def _pauses_said_twice(settings: Settings) -> Iterator[Finding]:
    """The site's own ``[poll]`` counts for all of its playbooks: a value beside it would do nothing."""
    for path in settings.values:
        _, _, value = path.partition(".poll.")
        if value in settings.poll.model_fields_set:
            text = f"the site's own [poll] {value} counts for all playbooks; write it in one place"
            yield Finding(("set", path), text)


def _known_roles(settings: Settings, known: Needs) -> Iterator[Finding]:
    roles = sorted(
        {_base(role) for needs in known.values() for role in needs.roles | needs.report_roles}
    )
    usable = {form for role in roles for form in (role, role.removesuffix("s"))}
    for place, person in enumerate(settings.people):
        for role in person.held:
            if roles and _base(role) not in usable:
                key = ("role",) if role == person.role else ("roles", person.roles.index(role))
                yield Finding(("people", place, *key), not_known(role, "role", roles))


def _held_roles(settings: Settings, known: Needs) -> Iterator[Finding]:
    directory = settings.directory()
    for ident in settings.playbooks:
        needs = known.get(ident, PlaybookNeeds())
        for role in sorted(needs.report_roles | needs.roles):
            if role in NOBODYS_ROLES or directory.holders(role):
                continue
            if role in needs.report_roles:
                text = f'nobody holds the role "{role}", which gets reports of {ident}; add [[people]] with it'
                yield Finding(("people",), text)
            else:
                text = f'nobody holds the role "{role}" of {ident}; what goes to it goes nowhere'
                yield Finding(("people",), text, warning=True)


def _reachable_people(settings: Settings, known: Needs) -> Iterator[Finding]:
    getting = {role for needs in settings.needs(known) for role in needs.report_roles}
    for place, person in enumerate(settings.people):
        roles = [r for r in person.held if {r, _base(r), f"{_base(r)}s"} & getting]
        if roles and not person.email:
            text = f"is empty; {person.name} gets reports as {', '.join(roles)} and no letter reaches him"
            yield Finding(("people", place, "email"), text, warning=True)


def _names_of_people(settings: Settings) -> Iterator[Finding]:
    names = [person.name for person in settings.people]
    for place, name in enumerate(names):
        if name in names[:place]:
            text = f'"{name}" stands here twice; one person with several roles is one table with roles = […]'
            yield Finding(("people", place, "name"), text, warning=True)


def _substitutes(settings: Settings) -> Iterator[Finding]:
    names = [person.name for person in settings.people]
    for place, person in enumerate(settings.people):
        for turn, absence in enumerate(person.absences):
            loc: Loc = ("people", place, "absences", turn, "substitute")
            if absence.substitute == person.name:
                yield Finding(loc, f'"{person.name}" cannot stand in for himself')
            elif absence.substitute and absence.substitute not in names:
                others = [name for name in names if name != person.name]
                yield Finding(loc, not_known(absence.substitute, "person of this site", others))


def _executors(settings: Settings) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for place, executor in enumerate(settings.executors):
        for name in dict.fromkeys(fold(n) for n in (executor.name, *executor.aliases)):
            first = seen.setdefault(name, place)
            if first != place:
                text = f'"{name}" is already a name of executors[{first}]'
                yield Finding(("executors", place, "name"), text)
        if executor.notify is Notify.REDMINE and not executor.login:
            text = f'is missing; {executor.name} has notify = "redmine" and needs a login there'
            yield Finding(("executors", place, "login"), text)
        if executor.notify is Notify.MAIL and not executor.email:
            text = f'is empty; {executor.name} has notify = "mail" and hears of no task'
            yield Finding(("executors", place, "email"), text, warning=True)


def _base(role: str) -> str:
    return role.partition("@")[0]


def _kept_kinds(settings: Settings, known: Needs) -> Iterator[Finding]:
    for kind in sorted({kind for needs in settings.needs(known) for kind in needs.kinds}):
        if settings.tracker_for(TaskKind(kind)) is None:
            text = f'no tracker keeps tasks of kind "{kind}"; name it in kinds, or leave kinds out once'
            yield Finding(("tracker",), text)


CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"set"}), _paths_of_values),
    (frozenset({"set", "poll"}), _pauses_said_twice),
    (frozenset({"people"}), _names_of_people),
    (frozenset({"people"}), _substitutes),
    (frozenset({"executors"}), _executors),
)
"""Each check with the tables that it reads."""

PLAYBOOK_CHECKS: tuple[tuple[frozenset[str], PlaybookCheck], ...] = (
    (frozenset({"playbooks"}), _playbooks),
    (frozenset({"playbooks", "sides"}), _sides),
    (frozenset({"people"}), _known_roles),
    (frozenset({"people", "playbooks"}), _held_roles),
    (frozenset({"people", "playbooks"}), _reachable_people),
    (frozenset({"tracker", "playbooks"}), _kept_kinds),
)
"""Those that ask the playbooks."""
