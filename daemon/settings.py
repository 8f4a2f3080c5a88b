"""The configuration of a site: find ``mcur.toml``, read it, say everything that is wrong at once.

Nothing here asks the network. Passwords and keys are read later, where they are used; see
``mcur.daemon.secrets``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mcur.daemon.settings_checks import CHECKS, PLAYBOOK_CHECKS
from mcur.daemon.settings_connector_checks import CONNECTOR_CHECKS, DISK_CHECKS
from mcur.daemon.settings_errors import Finding, SettingsError, shape_findings
from mcur.daemon.settings_site import CHANNELS, Needs, PlaybookNeeds, Settings

__all__ = [
    "CHANNELS",
    "PlaybookNeeds",
    "Settings",
    "SettingsError",
    "build",
    "examine",
    "find_config",
    "load",
]

FILE_NAME = "mcur.toml"
SYSTEM_FILE = Path("/etc/mcur/mcur.toml")


def find_config(option: str | None, env: Mapping[str, str], cwd: Path) -> Path:
    """Return the configuration to use: ``-c``, ``$MCUR_CONFIG``, the working folder, the system's.

    A folder stands for the ``mcur.toml`` in it. Raises :class:`SettingsError` where there is none;
    what was asked for by name is never replaced by another.
    """
    for asked, how in ((option, "-c"), (env.get("MCUR_CONFIG"), "$MCUR_CONFIG")):
        if asked:
            path = cwd / asked
            path = path / FILE_NAME if _is_there(path / FILE_NAME) else path
            if _is_there(path):
                return path
            msg = f"there is no {path} (named by {how})"
            raise SettingsError([msg])
    found = next((path for path in (cwd / FILE_NAME, SYSTEM_FILE) if _is_there(path)), None)
    if found is None:
        msg = (
            f"there is no site here: name its mcur.toml with -c FILE or $MCUR_CONFIG; without them "
            f"{cwd / FILE_NAME} and {SYSTEM_FILE} are tried; `mcur init DIR` makes a new site"
        )
        raise SettingsError([msg])
    return found


def load(path: Path, known_playbooks: Needs) -> Settings:
    """Read a site's file; :class:`SettingsError` names all that is wrong with it.

    ``known_playbooks`` says by id what each playbook asks of a site.
    """
    data = _parsed(path)
    return build(data, folder=path.parent, known_playbooks=known_playbooks, source=path.name)


def build(
    data: Mapping[str, Any],
    *,
    folder: Path,
    known_playbooks: Needs,
    source: str = FILE_NAME,
    prefix: str = "",
    on_disk: bool = True,
) -> Settings:
    """Make settings of a parsed table; :class:`SettingsError` names all that is wrong with it.

    Paths are relative to ``folder``. ``source`` and ``prefix`` stand in the sentences: a scenario
    gives its own name and ``site``. Without ``on_disk`` no folder or file needs to be there.
    """
    found: list[Finding] = []
    broken: set[str] = set()
    try:
        settings = _validated(data, folder)
    except ValidationError as exc:
        found = list(shape_findings(exc, Settings, data))
        broken = {str(finding.loc[0]) for finding in found}
        # What is sound is looked at all the same, so that one reading tells everything.
        settings = _validated({k: v for k, v in data.items() if k not in broken}, folder)
    found += [f for f in _cross(settings, known_playbooks, broken, on_disk) if not f.warning]
    if found:
        raise SettingsError(dict.fromkeys(f.sentence(source, prefix) for f in found))
    return settings


def examine(
    settings: Settings,
    known_playbooks: Needs,
    *,
    source: str = FILE_NAME,
    prefix: str = "",
    on_disk: bool = True,
) -> list[str]:
    """Say in sentences what works and still looks wrong: warnings, no errors."""
    found = _cross(settings, known_playbooks, set(), on_disk)
    return list(dict.fromkeys(f.sentence(source, prefix) for f in found if f.warning))


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # It may be there and closed to this user: reading it says so in a sentence.
        return True
    return True


def _validated(data: Mapping[str, Any], folder: Path) -> Settings:
    return Settings.model_validate(dict(data), context={"folder": folder})


def _cross(settings: Settings, known: Needs, broken: set[str], on_disk: bool) -> Iterator[Finding]:
    for tables, check in (*CHECKS, *CONNECTOR_CHECKS, *(DISK_CHECKS if on_disk else ())):
        if not tables & broken:
            yield from check(settings)
    for tables, ask in PLAYBOOK_CHECKS:
        if not tables & broken:
            yield from ask(settings, known)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        # Windows editors put a byte order mark in front, which TOML does not know.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as exc:
        msg = f"{path} cannot be read: {exc.strerror}"
    except UnicodeDecodeError as exc:
        msg = f"{path.name}: byte {exc.start} is not UTF-8; save the file as UTF-8"
    except tomllib.TOMLDecodeError as exc:
        msg = f"{path.name}: is not TOML: {exc}"
    # Raised out here: the text of the file hangs on the parser's exception, and with it perhaps
    # a password that somebody wrote there.
    raise SettingsError([msg])
