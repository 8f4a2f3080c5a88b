"""DavMail: an IMAP server in front of Exchange, written by others, as a judge of our Exchange server.

It speaks EWS to the server as Outlook's competitors do, and a modest IMAP to its clients: no MOVE,
no UIDPLUS.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.dovecot import free_port
from tests.servers.ews.server import ExchangeServer

JAR = Path("/usr/share/davmail/davmail.jar")
_PASSWORD = "changeit"

_PROPERTIES = """
davmail.server=true
davmail.mode=EWS
davmail.url={url}
davmail.imapPort={imap}
davmail.smtpPort={smtp}
davmail.popPort=
davmail.ldapPort=
davmail.caldavPort=
davmail.bindAddress=127.0.0.1
davmail.allowRemote=false
davmail.disableUpdateCheck=true
davmail.logFilePath={base}/davmail.log
log4j.rootLogger=WARN
log4j.logger.davmail=WARN
"""


def is_installed() -> bool:
    """Whether DavMail and a Java to run it are there."""
    return JAR.exists() and shutil.which("java") is not None


@dataclass
class DavMail:
    """A running gateway before one Exchange server; it keeps its files in that server's folder."""

    exchange: ExchangeServer
    imap: int = field(default_factory=free_port)
    smtp: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start it and wait until it answers."""
        base = self.exchange.base
        trusted = base / "trusted.jks"
        _trust(self.exchange.certificates.ca, trusted)
        properties = base / "davmail.properties"
        properties.write_text(
            _PROPERTIES.format(url=self.exchange.url, imap=self.imap, smtp=self.smtp, base=base)
        )
        self._process = subprocess.Popen(
            [
                "java",
                f"-Djavax.net.ssl.trustStore={trusted}",
                f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}",
                "-Djava.awt.headless=true",
                "-Xmx256m",
                "-jar",
                str(JAR),
                "-server",
                str(properties),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        _wait_for(self.imap)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=20)


def _trust(certificate: Path, store: Path) -> None:
    """Make Java trust our authority."""
    store.unlink(missing_ok=True)
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-alias", "authority", "-file", str(certificate),
         "-keystore", str(store), "-storepass", _PASSWORD],
        check=True, capture_output=True,
    )  # fmt: skip


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                assert probe.recv(200)
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = "DavMail did not start"
    raise RuntimeError(msg)
