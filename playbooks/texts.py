"""Russian texts by name: templates in ``words/``, filled with facts.

Rules hold no word that people read; they ask for a text by its name. A playbook may put its own
wording under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mcur.playbooks import language

if TYPE_CHECKING:
    from jinja2 import Environment, Template


class Texts:
    """The texts of one playbook: the common ones with its own over them."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._sources = dict(templates)
        self._compile = lru_cache(maxsize=None)(self._compile_one)

    def say(self, name: str, *, zone: ZoneInfo, **values: Any) -> str:
        """Return the text with its values filled in; dates are shown in ``zone``."""
        source = self._sources[name]
        if "{" not in source:
            return source.strip()

        def moment(value: datetime) -> str:
            return language.full_stamp(value, zone)

        def day(value: date | datetime) -> str:
            return language.full_day(value, zone)

        def short(value: datetime) -> str:
            return language.short_stamp(value, zone)

        words = {"moment": moment, "day": day, "short": short}
        return self._compile(name).render(**words, **values).strip()

    def has(self, name: str) -> bool:
        """Whether there is a text with this name."""
        return name in self._sources

    @cached_property
    def _environment(self) -> Environment:
        # Imported where a text is said: `mcur status` says none and must be quick.
        from jinja2 import Environment, StrictUndefined

        environment = Environment(undefined=StrictUndefined, autoescape=False)
        environment.globals.update(
            plural=language.plural,
            counted=language.counted,
            shorten=language.shorten,
            capital=language.capital,
            growth=_growth,
            decimal=language.decimal,
        )
        return environment

    def _compile_one(self, name: str) -> Template:
        template = self._environment.from_string(self._sources[name])
        # A plain dict: each rendering copies it, and the chain of maps that stands there is slow.
        template.globals = dict(template.globals)
        return template


def _growth(count: int, before: int) -> str:
    """Write growth as «30,0 %»."""
    return language.percent(count - before, before)
