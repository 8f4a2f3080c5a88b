"""How often the outside is asked, and how old an export may be (``[poll]`` of a playbook)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, field_validator

from mcur.playbooks.durations import ElapsedField


class Poll(BaseModel):
    """Pauses between two looks, where the site does not say otherwise; ``feed_max_age`` is the rules'."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feeds: ElapsedField = timedelta(minutes=10)
    mail: ElapsedField = timedelta(minutes=2)
    redmine: ElapsedField = timedelta(minutes=1)
    feed_max_age: ElapsedField = timedelta(hours=3)

    @field_validator("feeds", "mail", "redmine", "feed_max_age")
    @classmethod
    def _lasts(cls, value: timedelta) -> timedelta:
        if not value:
            msg = 'it is no time at all; write a duration such as "10m"'
            raise ValueError(msg)
        return value
