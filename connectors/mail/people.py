"""Who a letter is from and to: addresses of headers, and what our server says of the sender."""

from __future__ import annotations

import re
from email.utils import getaddresses

from mcur.connectors.mail.charsets import decode, one_line
from mcur.connectors.mail.parts import Headers
from mcur.connectors.mail.words import unworded

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,64}@[^\s<>()\[\],;:\"\\@]{1,255}")
_PEOPLE = 500
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_SAYS_NOTHING = {"none", "neutral", "temperror", "permerror", "policy"}
# Which property names the identity that a method has proved (RFC 8601, 2.7; RFC 7489 for dmarc).
_PROVES = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom",),
    "auth": ("smtp.auth", "smtp.mailfrom"),
}


def people(headers: Headers, name: str) -> tuple[tuple[str, str], ...]:
    """Return ``(name, address)`` of every address in the headers of that name, lower case."""
    found: list[tuple[str, str]] = []
    for value in headers.all(name):
        found += _addresses(value, headers.charset())
    return tuple(found[:_PEOPLE])


def _addresses(value: bytes, charset: str | None) -> list[tuple[str, str]]:
    text = decode(value, charset).text
    try:
        pairs = getaddresses([text])
    except (RecursionError, IndexError):
        pairs = []  # a thousand nested comments: only the addresses are of use
    good = [
        (unworded(name.encode("utf-8", "surrogateescape")), one_line(address).lower())
        for name, address in pairs
        if _ADDRESS.fullmatch(address)
    ]
    return good or [("", one_line(found).lower()) for found in _ADDRESS.findall(text)]


def authenticated(headers: Headers, trusted_authserv: str | None) -> bool | None:
    """Say whether our own server has proved the address in From (RFC 8601).

    Only headers of ``trusted_authserv`` count (the server removes foreign ones that bear its
    name, RFC 8601, 5); the topmost verdict of each method counts. A failed DMARC is False; a
    proof by any method for the domain of From is True; other verdicts are False; none is None.
    More than one address in From proves nobody.
    """
    if trusted_authserv is None:
        return None
    verdicts = _verdicts(headers, trusted_authserv)
    telling = {method: said for method, said in verdicts.items() if said[0] not in _SAYS_NOTHING}
    if not telling:
        return None
    authors = {address for _, address in people(headers, "from")}
    if len(authors) != 1 or telling.get("dmarc", ("", {}))[0] == "fail":
        return False
    author = authors.pop()
    return any(
        result == "pass" and _is_for(author, method, properties)
        for method, (result, properties) in telling.items()
    )


def _verdicts(headers: Headers, trusted: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return result and properties by method, of the trusted server's headers."""
    verdicts: dict[str, tuple[str, dict[str, str]]] = {}
    for value in headers.all("authentication-results"):
        server, *results = _COMMENT.sub(" ", unworded(value)).split(";")
        if server.lower().split()[:1] != [trusted.lower()]:
            continue
        for said in results:
            match = re.match(r"\s*([\w-]+)(?:/\d+)?\s*=\s*(\w+)", said)
            if match is not None and match[1].lower() in _PROVES:
                pairs = re.findall(r"(\w+\.\w+)\s*=\s*\"?([^\s\"]+)", said[match.end() :])
                properties = {key.lower(): of.lower() for key, of in pairs}
                _keep(verdicts, match[1].lower(), (match[2].lower(), properties))
    return verdicts


def _keep(
    verdicts: dict[str, tuple[str, dict[str, str]]], method: str, said: tuple[str, dict[str, str]]
) -> None:
    """Keep the first verdict of a method; of several signatures keep one that passed."""
    if method not in verdicts or (method == "dkim" and verdicts[method][0] != "pass"):
        verdicts[method] = said


def _is_for(author: str, method: str, properties: dict[str, str]) -> bool:
    """Whether what was proved is the author's domain (relaxed alignment, RFC 7489, 3.1)."""
    proved = next((properties[key] for key in _PROVES[method] if key in properties), "")
    if method == "auth":
        return proved == author
    domain, of_author = proved.rpartition("@")[2].rstrip("."), author.rpartition("@")[2]
    if "." not in domain and domain != of_author:
        return False
    return (
        domain == of_author or of_author.endswith(f".{domain}") or domain.endswith(f".{of_author}")
    )
