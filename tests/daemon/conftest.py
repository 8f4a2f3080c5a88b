"""A site of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import Stand


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Open a new site with the embedded parts behind switches, at eight in the morning."""
    opened = Stand(tmp_path)
    yield opened
    opened.close()
