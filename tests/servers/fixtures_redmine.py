"""The fixture of the real Redmine, one server for a whole run of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.redmine import RedmineServer, missing


@pytest.fixture(scope="session")
def redmine_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedmineServer]:
    """Start Redmine for this run; tests of it carry the marker ``server``.

    A test puts a clean database in place with ``redmine_server.reset("full")``. The two golden
    databases stay in pytest's cache, for making them takes ten seconds.
    """
    reason = missing()
    if reason is not None:
        # Counted as «not run» and said at the end; with CI=true the run fails (tests/conftest.py).
        pytest.skip(reason)
    cache = request.config.cache
    golden = cache.mkdir("redmine") if cache else tmp_path_factory.mktemp("golden")
    with RedmineServer(tmp_path_factory.mktemp("redmine"), golden) as server:
        yield server
