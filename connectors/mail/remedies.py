"""What to do about a mail server that cannot be talked to: the second half of a sentence.

Libraries wrap the system's error into texts of their own, so it is known by its words.
"""

from __future__ import annotations

import re

_REMEDIES = {
    r"Name or service not known|NameResolutionError|getaddrinfo failed|Errno -[2-5]\b": (
        "nobody knows that name; check {host}, and the name server of this machine"
    ),
    r"Connection refused": (
        "nobody listens there; check {host} and {port}, and that the server runs"
    ),
    r"unreachable|No route to host": "no way leads there; check {host} and the network",
    r"WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE": (
        "what listens there speaks no TLS; check {port} and {security}"
    ),
    r"timed out|TimeoutError": (
        "it keeps silent; check {port} and {security}, and that no firewall stands between"
    ),
    r"unexpected response|SMTPConnectError -1|Connection unexpectedly closed|EOF occurred": (
        "another service may listen there; check {port} and {security}"
    ),
    r"Code: 404\b": (
        "there are no Exchange Web Services; check {port}, it ends in /EWS/Exchange.asmx"
    ),
}
"""Words of an error, and what they mean to who wrote ``mcur.toml``."""

BY_PORT = {"host": "host", "port": "port", "security": "security"}
BY_URL = {"host": "url", "port": "url", "security": "url"}
"""The settings that name a server, for IMAP and SMTP, and for Exchange."""


def remedy(said: str, settings: dict[str, str]) -> str:
    """Say what an error means and which setting to look at; empty where nothing is known of it."""
    found = (what for words, what in _REMEDIES.items() if re.search(words, said))
    return next(found, "").format(**settings).replace("check url and url", "check url")
