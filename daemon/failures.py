"""Which errors are a person's to mend, and the exit status of each (contract, «Commands»)."""

from __future__ import annotations

from mcur.connectors.ports import Rejected, Unavailable
from mcur.daemon.clock import ClockWrong
from mcur.daemon.scenario import ScenarioError
from mcur.daemon.secrets import SecretMissing
from mcur.daemon.settings import SettingsError
from mcur.playbooks.load import PlaybookError
from mcur.state.opening import StateLocked, StateMissing, StateUnreadable

WRONG = 1
USAGE = 2
UNREACHABLE = 3


def status_of(error: Exception) -> int | None:
    """Return the exit status of an error that is said as a sentence; ``None`` for a bug."""
    if isinstance(error, Unavailable):
        return UNREACHABLE
    if isinstance(error, SettingsError | PlaybookError | ScenarioError | SecretMissing):
        return USAGE
    wrong = ClockWrong | Rejected | StateLocked | StateMissing | StateUnreadable
    return WRONG if isinstance(error, wrong) else None
