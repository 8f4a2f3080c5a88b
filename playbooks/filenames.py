"""Names of files in one text, as an act and a tracker's history carry them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

_NAMES = TypeAdapter(tuple[str, ...])


def joined(names: Sequence[str]) -> str:
    """Write names as people do, with commas; as JSON where a name has a comma itself."""
    plain = not any("," in name or name.startswith("[") for name in names)
    return ", ".join(names) if plain else _NAMES.dump_json(tuple(names)).decode()


def parted(said: str) -> tuple[str, ...]:
    """Read names back, or those that a person wrote."""
    if said.startswith("["):
        try:
            return _NAMES.validate_json(said)
        except ValidationError:
            pass  # a person's own name of a file may begin so
    return tuple(filter(None, (name.strip() for name in said.split(","))))
