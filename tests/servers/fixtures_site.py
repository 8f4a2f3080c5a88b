"""The fixture of everything real at once: Redmine, a mail server, and a web server before Redmine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.redmine import RedmineServer
from tests.servers.redmine_front import Front
from tests.servers.site import Servers
from tests.servers.smtp import SmtpServer


@pytest.fixture(scope="session")
def servers(
    redmine_server: RedmineServer, running_dovecot: Dovecot, running_smtp: SmtpServer
) -> Iterator[Servers]:
    """Give all servers; ``real_site`` puts them back to the beginning."""
    with Front(redmine_server.url, running_dovecot.certificates) as front:
        yield Servers(redmine_server, running_dovecot, running_smtp, front)
