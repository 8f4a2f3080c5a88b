"""Real servers in the account of a run: what ran against them, what did not, how to get them.

A test that needs Redmine, Dovecot or DavMail carries the marker ``server`` and skips itself (through its
fixture) where that is not installed. Such a skip is told apart from others: it is counted as
«not run», said in one line at the end, and with ``CI=true`` it fails the run.
"""

from __future__ import annotations

import os

import pytest

pytest_plugins = [
    "tests.servers.fixtures_exchange",
    "tests.servers.fixtures_mail",
    "tests.servers.fixtures_redmine",
    "tests.servers.fixtures_site",
]

NOT_RUN = "not run"


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str] | None:
    """Put a skipped test of a real server under a heading of its own."""
    if not isinstance(report, pytest.TestReport):
        return None
    if report.skipped and "server" in report.keywords and not hasattr(report, "wasxfail"):
        return NOT_RUN, "n", "NOT RUN"
    return None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in one line how many tests ran against real servers, and which did not."""
    ran, missed = _account(terminalreporter)
    if missed:
        files = sorted({report.nodeid.partition("::")[0] for report in missed})
        terminalreporter.write_line(
            f"real servers: {len(ran)} tests ran, {len(missed)} did not (in {', '.join(files)}): "
            "a server is not installed here; sudo make servers installs them (Debian 12)",
            yellow=not _required(),
            red=_required(),
        )
    elif ran or _required():
        terminalreporter.write_line(f"real servers: {len(ran)} tests ran")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``CI=true`` a run that left real servers out has not passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not _required() or session.exitstatus != pytest.ExitCode.OK:
        return
    ran, missed = _account(reporter)
    whole = session.config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if missed or (whole and not ran and not session.config.option.collectonly):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _account(
    reporter: pytest.TerminalReporter,
) -> tuple[list[pytest.TestReport], list[pytest.TestReport]]:
    """List the calls that ran against real servers, and the tests that did not."""
    ran = [
        report
        for heading in ("passed", "failed", "error", "xfailed", "xpassed")
        for report in reporter.stats.get(heading, [])
        if isinstance(report, pytest.TestReport)
        and report.when == "call"
        and "server" in report.keywords
    ]
    return ran, reporter.stats.get(NOT_RUN, [])


def _required() -> bool:
    return os.environ.get("CI") == "true"
