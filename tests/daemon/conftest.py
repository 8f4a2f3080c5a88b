"""A site of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.fakes import Stand


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    """Forget the log that a command set up: its stream is closed with its test."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Open a new site with the embedded parts behind switches, at eight in the morning."""
    opened = Stand(tmp_path)
    yield opened
    opened.close()
