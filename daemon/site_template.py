"""``mcur init``: a new site that works as it stands (contract, "Site folder").

The file comes from ``templates/mcur.toml.j2``: the embedded tracker, letters as files, and for each
role of the playbooks an invented person at an address that nobody owns (RFC 2606, ``.example``).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from mcur.daemon.settings import FILE_NAME
from mcur.daemon.settings_checks import NOBODYS_ROLES
from mcur.daemon.settings_errors import SettingsError, not_known
from mcur.daemon.settings_site import Needs

# People of other departments drop exports and read documents: they come in by the group.
_SHARED, _OWN = 0o770, 0o750
_FOLDERS = {
    "feeds": _SHARED,
    "feeds/done": _SHARED,
    "feeds/failed": _SHARED,
    "mail": _OWN,
    "mail/in": _OWN,
    "mail/in/cur": _OWN,
    "mail/in/new": _OWN,
    "mail/in/tmp": _OWN,
    "mail/out": _OWN,
    "out": _OWN,
    "state": _OWN,
}
_INITIALS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A person who is plainly nobody, in a role."""

    role: str
    name: str
    position: str
    email: str
    login: str


def make_site(folder: Path, playbooks: list[str], overlay: str, needs: Needs) -> list[Path]:
    """Make a site in a folder that is new or empty; return what was made, the file first.

    ``needs`` says by id what each known playbook asks of a site. Raises :class:`SettingsError` with
    sentences; nothing is made then.
    """
    unknown = [not_known(ident, "playbook", needs) for ident in playbooks if ident not in needs]
    if unknown or not playbooks:
        raise SettingsError(unknown or ["a new site needs a playbook: --playbook ID"])
    text = site_text(playbooks, overlay, needs)
    try:
        _require_empty(folder)
        return _write(folder, text)
    except OSError as exc:
        msg = f"{exc.filename or folder} cannot be made: {exc.strerror}"
    raise SettingsError([msg])


def site_text(playbooks: list[str], overlay: str, needs: Needs) -> str:
    """Write the ``mcur.toml`` of a new site, commented, in Russian."""
    # TOML, not HTML: what goes in is quoted by the filter.
    environment = Environment(
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["quoted"] = _quoted
    template = environment.from_string(_shipped("mcur.toml.j2"))
    asked = {role for ident in playbooks for role in needs[ident].roles | needs[ident].report_roles}
    return template.render(playbooks=playbooks, overlay=overlay, people=invent(asked))


def invent(roles: Iterable[str]) -> list[Invented]:
    """Invent a person for each role that somebody holds, heads first; plurals count as one."""
    positions: dict[str, str] = tomllib.loads(_shipped("positions.toml"))
    order = list(positions)
    asked = {role for role in roles if role not in NOBODYS_ROLES}
    # `deputy_heads` asks for all blocks of `deputy_head`: people hold the singular.
    held = {r.removesuffix("s") if r.removesuffix("s") in {*asked, *order} else r for r in asked}
    ranks = {
        role: order.index(_base(role)) if _base(role) in order else len(order) for role in held
    }
    return [
        _person(place, role, positions)
        for place, role in enumerate(sorted(held, key=lambda role: (ranks[role], role)))
    ]


def _person(place: int, role: str, positions: dict[str, str]) -> Invented:
    base, _, block = role.partition("@")
    first, second = _INITIALS[place % len(_INITIALS)], _INITIALS[place // len(_INITIALS)]
    login = f"{base}_{place + 1}" if block else base
    position = positions.get(base, base)
    return Invented(
        role=role,
        name=f"Примеров {first}. {second}.",
        position=f"{position}, блок {block}" if block else position,
        email=f"{login}@mcur.example",
        login=login,
    )


def _require_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SettingsError([f"{folder} is a file; name a new or an empty folder"])
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError([f"{folder} is not empty; name a new or an empty folder"])


def _write(folder: Path, text: str) -> list[Path]:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(_OWN)
    made = []
    for name, mode in _FOLDERS.items():
        path = folder / name
        path.mkdir()
        path.chmod(mode)
        made.append(path)
    path = folder / FILE_NAME
    path.write_text(text, "utf-8")
    path.chmod(0o640)
    return [path, *made]


def _shipped(name: str) -> str:
    return files("mcur.daemon").joinpath("templates", name).read_text("utf-8")


def _quoted(value: str) -> str:
    """Write a basic string of TOML, which a string of JSON is."""
    return json.dumps(value, ensure_ascii=False)


def _base(role: str) -> str:
    return role.partition("@")[0]
