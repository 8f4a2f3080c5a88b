"""Logs: one line an event on standard error, coloured only on a terminal."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, verbose: bool = False, quiet: bool = False) -> None:
    """Set up the log; systemd's journal stamps the lines itself, so ours carry no time there."""
    level = logging.DEBUG if verbose else logging.INFO
    terminal = sys.stderr.isatty()
    processors: list[structlog.typing.Processor] = [structlog.processors.add_log_level]
    if terminal:
        processors.append(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
        # Not rich's tracebacks: they show the local variables, a password among them.
        plain = structlog.dev.plain_traceback
        processors.append(structlog.dev.ConsoleRenderer(colors=True, exception_formatter=plain))
    else:
        processors.append(structlog.processors.format_exc_info)
        processors.append(structlog.processors.LogfmtRenderer(key_order=["level", "event"]))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL if quiet else level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
