"""Names of files in one text, as an act and a tracker's history carry them. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence


def joined(names: Sequence[str]) -> str:
    """Write names as people do, with commas; as JSON where a name has a comma itself."""
    plain = not any("," in name or name.startswith("[") for name in names)
    return ", ".join(names) if plain else json.dumps(names, ensure_ascii=False)


def parted(said: str) -> tuple[str, ...]:
    """Read names back, or those that a person wrote: such a name may begin with a bracket, too."""
    listed = _listed(said) if said.startswith("[") else None
    return listed or tuple(filter(None, (name.strip() for name in said.split(","))))


def _listed(said: str) -> tuple[str, ...] | None:
    try:
        names = json.loads(said)
    except ValueError:
        return None
    return tuple(names) if all(isinstance(name, str) for name in names) else None
