"""How a connection is secured: one meaning of ``security`` and ``ca_file`` for IMAP and SMTP."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal

from mcur.connectors.ports import Barred

Security = Literal["tls", "starttls", "none"]
"""TLS from the first byte, TLS after a greeting (RFC 3207, RFC 9051 6.2.1), or none at all."""


def trust(who: str, ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities, or only those in ``ca_file``; names are always checked.

    ``who`` is the connector as its messages begin («mailbox in»).
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except FileNotFoundError as exc:
        msg = f"{who}: ca_file {ca_file} is not there; name the PEM file of the authority's certificate"
        raise Barred(msg) from exc
    except (OSError, ssl.SSLError) as exc:
        msg = f"{who}: ca_file {ca_file} cannot be used ({exc}); it must be a readable PEM certificate"
        raise Barred(msg) from exc


def distrust(who: str, where: str, exc: ssl.SSLCertVerificationError) -> Barred:
    """Say that the server's certificate is not trusted, and what to do about it."""
    why = exc.verify_message
    return Barred(f"{who}: the certificate of {where} is not trusted ({why}); {to_be_trusted(why)}")


def to_be_trusted(why: str) -> str:
    """Say what to do about a certificate, by the words of who checked it."""
    if "mismatch" in why or "doesn't match" in why:
        return "name the server as its certificate does"
    if "expired" in why:
        return "it has to be renewed on the server"
    return "set ca_file to the certificate of the authority that issued it"
