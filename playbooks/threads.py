"""Which letters stand together in a reader's mail program: those about one thing, and reports of a day. Pure.

What begins a thread was never sent: programs gather letters that refer to the same one (RFC 5256, 2.2), so
it does not matter which of them a reader got first, or at all.
"""

from __future__ import annotations

import re

_ABOUT = re.compile(r":((?:incident|task|plan|measure):.+)$")
_OCCASION = re.compile(r":(?:r?\d{1,3}|\d{4}-\d\d-\d\dT\d\d:\d\d)$")
"""What ends a key of a step, a slot or a revision and belongs to that letter alone."""
_DAY = re.compile(r"^report:([^:]+):[^:]+:(\d{4}-\d\d-\d\d)(?::|$)")


def thread_of(key: str) -> str:
    """Name the thread of a letter by its key: what it is about, or the day of a report; empty where it stands alone."""
    about = _ABOUT.search(key)
    if about:
        return _OCCASION.sub("", about[1])
    day = _DAY.match(key)
    return f"day:{day[1]}:{day[2]}" if day else ""
