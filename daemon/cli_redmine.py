"""Commands about the Redmine of a site: ``redmine setup``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from mcur.connectors.ports import ConnectorError, Unavailable
from mcur.connectors.redmine import wanted as wanted_things
from mcur.connectors.redmine.client import Client
from mcur.connectors.redmine.setup import Account, Setup, Wanted, WantedProject
from mcur.connectors.redmine.shape import RedmineShape
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.daemon import outside, settings as settings_files
from mcur.daemon.books import known_needs, load_playbooks
from mcur.daemon.failures import UNREACHABLE, WRONG
from mcur.daemon.secrets import Secret
from mcur.daemon.settings import Settings, find_config
from mcur.daemon.settings_connectors import RedmineSettings
from mcur.playbooks.playbook import Playbook
from mcur.state.blobs import BlobStore

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip


@click.group(
    epilog="\b\nExamples:\n  mcur redmine setup --script > setup.rb\n  mcur redmine setup --key-file admin.key"
)
def redmine() -> None:
    """Make a Redmine ready for the site."""


@redmine.command(
    epilog="\b\nExamples:\n"
    "  mcur redmine setup --script > setup.rb     then, where Redmine runs: rails runner setup.rb\n"
    "  mcur redmine setup --key-file admin.key    projects, members, groups, categories, the page\n"
    "  mcur check --connect                       what is still missing"
)
@click.option("--script", is_flag=True, help="Print the Ruby script for what REST cannot make.")
@click.option("--tracker", "name", metavar="ID", help="Which tracker, where the site has several.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with an administrator's API key; else $MCUR_<ID>_ADMIN_KEY.",
)
@click.option("--account", default="mcur", show_default=True, help="Login of the daemon's account.")
@click.option("--accounts", is_flag=True, help="Make accounts for people who have none.")
@click.pass_obj
def setup(
    config: str | None,
    *,
    script: bool,
    name: str | None,
    key_file: Path | None,
    account: str,
    accounts: bool,
) -> None:
    """Make what is missing in Redmine, and say what each run has made.

    Run the printed script first, for trackers, statuses, workflow, roles, fields and saved queries;
    then this command without --script. Both may be run again: what is there stays as it is.
    """
    path = find_config(config, os.environ, Path.cwd())
    settings = settings_files.load(path, known_needs(path.parent))
    playbooks = load_playbooks(settings, path.name)
    table = _table(settings, name)
    if script:
        shape = outside.redmine_shape(table, settings, "", playbooks[0].calendar.zone)
        click.echo(
            wanted_things.script(
                shape, [p.identifier for p in _projects(shape, settings, playbooks)]
            ),
            nl=False,
        )
        return
    key = Secret(table.id, "admin_key", key_file).read()
    shape = outside.redmine_shape(table, settings, key, playbooks[0].calendar.zone)
    wanted = Wanted(
        projects=tuple(_projects(shape, settings, playbooks)),
        robot=Account(login=account, name="ЦУР Робот", email=settings.mail.address),
        people=tuple(_people(settings, playbooks)),
        categories=tuple(_topics(settings, playbooks)),
        makes_accounts=accounts,
    )
    try:
        complete = _make(Setup(Client(shape), wanted), table, settings, shape)
    except Unavailable as exc:
        click.echo(f"tracker {table.id}: cannot be reached: {exc}", err=True)
        raise SystemExit(UNREACHABLE) from exc
    except ConnectorError as exc:
        click.echo(f"tracker {table.id}: {exc}", err=True)
        raise SystemExit(WRONG) from exc
    if not complete:
        raise SystemExit(WRONG)


def _table(settings: Settings, name: str | None) -> RedmineSettings:
    found = [t for t in settings.trackers if isinstance(t, RedmineSettings)]
    chosen = [t for t in found if name in (None, t.id)]
    if len(chosen) != 1:
        known = ", ".join(t.id for t in found) or "none"
        msg = f"this site's trackers of kind redmine: {known}; choose one with --tracker ID"
        raise click.UsageError(msg)
    if chosen[0].profile == "bare":
        msg = f'tracker {chosen[0].id}: profile = "bare" uses what a Redmine has: nothing is made'
        raise click.UsageError(msg)
    return chosen[0]


def _make(work: Setup, table: RedmineSettings, settings: Settings, shape: RedmineShape) -> bool:
    """Run the setup, tell of each piece, keep the daemon's key; return whether nothing is missing."""
    made = 0
    for piece in work.run():
        made += 1
        click.echo(f"made: {piece}")
    click.echo(f"{made} things made" if made else "nothing to make: all of it is there")
    if table.key_file is not None and not table.key_file.exists():
        _keep(work.key(), table.key_file)
        click.echo(f"the key of {work.wanted.robot.login} is in {table.key_file}")
    own = outside.redmine_shape(table, settings, table.key.read(), shape.zone)
    blobs = BlobStore(settings.state.path.parent / "blobs")
    lacks = [*work.lacks, *RedmineTracker(own, blobs).check()]
    for sentence in lacks:
        click.echo(f"tracker {table.id}: {sentence}", err=True)
    return not lacks


def _keep(key: str, path: Path) -> None:
    """Write a secret that only the owner of the file reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key + "\n")


def _projects(
    shape: RedmineShape, settings: Settings, playbooks: Sequence[Playbook]
) -> Iterator[WantedProject]:
    """Yield the projects of the site, each named as the regulations name it, and one a block."""
    blocks = list(dict.fromkeys([*shape.blocks, *_blocks(settings)]))
    for identifier in shape.identifiers:
        if identifier in shape.blocks.values():
            continue
        kinds = shape.kinds_in(identifier)
        names = Counter(p.projects[k] for p in playbooks for k in kinds if k in p.projects)
        name = names.most_common(1)[0][0] if names else identifier
        yield WantedProject(identifier=identifier, name=name)
        if identifier == shape.project:
            for block in blocks:
                under = shape.project_of(block) or f"{identifier}-{_latin(block)}"
                yield WantedProject(identifier=under, name=f"{name}: {block}", parent=identifier)


def _blocks(settings: Settings) -> list[str]:
    """Return the blocks that people answer for: what stands behind ``@`` in their roles."""
    held = (role.partition("@")[2] for person in settings.people for role in person.held)
    return list(dict.fromkeys(block for block in held if block))


def _people(settings: Settings, playbooks: Sequence[Playbook]) -> Iterator[Account]:
    titles: dict[str, str] = {}
    for playbook in reversed(playbooks):
        titles |= playbook.roles
    for person in settings.people:
        if person.login:
            parts = (role.partition("@") for role in person.held)
            groups = (
                titles.get(role, role) + (f": {block}" if block else "") for role, _, block in parts
            )
            yield Account(
                login=person.login, name=person.name, email=person.email, groups=tuple(groups)
            )


def _topics(settings: Settings, playbooks: Sequence[Playbook]) -> list[str]:
    """Return what appeals are about here: topics of the regulations, then those of executors."""
    said = [sorted(playbook.topics) for playbook in playbooks]
    said += [list(executor.topics) for executor in settings.executors]
    return list(dict.fromkeys(topic for topics in said for topic in topics))


def _latin(name: str) -> str:
    """Spell a block for an identifier, which Redmine wants in Latin letters."""
    spelled = "".join(_LATIN.get(c, c) for c in name.casefold())
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in spelled).split())
