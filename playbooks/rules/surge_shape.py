"""The shape of a surge: one criterion, and what is counted for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mcur.playbooks.baselines import Period, Versus
from mcur.playbooks.counting import Op, Scope
from mcur.playbooks.rules.base import Rule

Exact = Annotated[Decimal, BeforeValidator(lambda value: Decimal(str(value)))]


class Surge(Rule):
    """One criterion. Exactly one of ``value``, ``growth_pct``, ``index`` says which.

    ``zero_base``: growth over nothing is not computable, or ``fire_at:N`` fires at N appeals.
    ``confirm = "person"`` opens a suspicion that somebody confirms or dismisses. ``period``: what is
    counted together, a day or the week or month so far, which is compared with the whole one before it.
    ``index_fallback``: where no export has the index of a category, the day's count by its average of
    28 days stands in for it.
    """

    scope: Scope
    op: Op = "gt"
    value: int | None = None
    growth_pct: int | None = None
    index: Exact | None = None
    index_decimals: int = 2
    index_fallback: Literal["none", "avg_28d"] = "none"
    categories: tuple[str, ...] = ()
    period: Period = "day"
    versus: Versus = "previous_day"
    zero_base: Annotated[str, Field(pattern=r"^(ignore|fire_at:[0-9]+)$")] = "ignore"
    min_current: int = 0
    blank_guard: bool = True
    confirm: Literal["none", "person"] = "none"
    origins: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mode: Literal["emergency", "crisis"] = "emergency"

    def problems(self) -> list[str]:
        """Say whether the criterion is clear."""
        given = [v for v in (self.value, self.growth_pct, self.index) if v is not None]
        waits = self.assumption and not given  # for a number that the text does not give
        clear = len(given) == 1 or waits or not self.enabled
        found = [] if clear else ["give one of value, growth_pct, index"]
        if self.scope != "category" and self.index is not None:
            found.append(
                f'scope {self.scope}: an index is that of a category; leave scope = "category"'
            )
        if self.period != "day" and self.index is not None:
            found.append(f'period {self.period}: an index is that of a day; leave period = "day"')
        if self.period != "day" and self.versus != "previous_day":
            found.append(
                f"versus {self.versus}: a {self.period} is compared with the {self.period} before it; "
                'leave versus = "previous_day"'
            )
        return found

    @property
    def is_set(self) -> bool:
        """Whether the rule has what it needs: a number (G43), a list of categories (G27)."""
        if self.index is None:
            return (self.value, self.growth_pct) != (None, None)
        return bool(self.categories)
