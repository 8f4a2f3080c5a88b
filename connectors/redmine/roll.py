"""Which issues Redmine does not give any more, found without listing those that it gives.

Nothing tells that an issue was deleted, hidden from the daemon's account or moved out of our
projects: such an issue is in no list from then on. So issues are counted. Where fewer are there than
are known, the known ones are halved and each half is counted, down to a page that is read; then each
issue that is not there is asked for by itself.

Only ranges between known numbers are counted: what is made meanwhile has a higher number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.changes import PAGE, ChangeReader
from mcur.connectors.redmine.client import Absent, Forbidden, Json

DOING = "call the roll of tasks"
AT_ONCE = 100
"""Most issues that one call asks for by themselves."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An issue that is not in our projects; ``issue`` is what stands elsewhere, whole."""

    number: int
    how: Literal["deleted", "hidden", "moved"]
    issue: Json | None = None


class RollCall:
    """Counts the issues of the configured projects against those that are known."""

    def __init__(self, reader: ChangeReader, catalog: Catalog) -> None:
        self._reader = reader
        self._catalog = catalog

    def missing(self, numbers: Sequence[int]) -> list[Missing]:
        """Return those of these issues that are not there, at most :data:`AT_ONCE`."""
        known = sorted(numbers)
        if not known or self._are_all_there(known):
            return []
        asked = [self._asked(number) for number in islice(self._absent(known), AT_ONCE)]
        self.check_door()
        return [one for one in asked if one is not None]

    def check_door(self) -> None:
        """Look our projects up anew; ``Barred`` where the account does not see them any more."""
        self._catalog.forget()
        self._catalog.projects()

    def _are_all_there(self, known: Sequence[int]) -> bool:
        first_and_last = [str(known[0]), str(known[-1])]
        return self._reader.count([("issue_id", "><", first_and_last)], DOING) >= len(known)

    def _absent(self, known: Sequence[int]) -> Iterator[int]:
        """Name what is not there, in order; fewer are there than are known."""
        if len(known) <= PAGE:
            listed = ",".join(map(str, known))
            there = {row["id"] for row in self._reader.listed([("issue_id", "=", listed)], DOING)}
            yield from (number for number in known if number not in there)
            return
        middle = len(known) // 2
        for half in (known[:middle], known[middle:]):
            if not self._are_all_there(half):
                yield from self._absent(half)

    def _asked(self, number: int) -> Missing | None:
        """Ask for one issue; ``None`` where it stands in our projects after all."""
        try:
            issue = self._reader.whole(number)
        except Absent:
            return Missing(number, "deleted")
        except Forbidden:
            return Missing(number, "hidden")
        is_ours = issue["project"]["id"] in self._catalog.projects()
        return None if is_ours else Missing(number, "moved", issue)
