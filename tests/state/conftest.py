"""A state of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcur.state.store import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Open an empty state that this test owns."""
    opened = State(tmp_path / "state" / "mcur.db")
    yield opened
    opened.close()
