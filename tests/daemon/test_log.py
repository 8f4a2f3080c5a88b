"""The log: one line an event; a fault of ours shows where it happened, and no secret."""

from __future__ import annotations

import sys

import pytest
import structlog

from mcur.daemon import log


def a_fault() -> Exception:
    """Fail with a secret at hand."""
    try:
        secret = f"{'hun' + 'ter'}-{2}"
        raise KeyError(len(secret))
    except KeyError as exc:
        return exc


def test_a_fault_in_the_journal_says_where_it_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """On one line: systemd's journal makes an entry of each."""
    log.configure()
    structlog.get_logger().error("fault", source="mail", exc_info=a_fault())

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("level=error event=fault source=mail")
    assert "in a_fault" in line


def test_a_fault_on_a_terminal_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connector has its password among them."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    log.configure()
    structlog.get_logger().error("fault", source="mail", exc_info=a_fault())

    said = capsys.readouterr().err
    assert "in a_fault" in said
    assert "hunter" not in said
