"""XML of EWS: its namespaces, and elements of three words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
SPACES = {"s": SOAP, "m": MESSAGES, "t": TYPES}

Element = Any
"""An element of lxml, which has no types."""

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def t(tag: str, *inside: object, **attributes: object) -> Element:
    """Make an element of the types' namespace."""
    return _made(TYPES, tag, inside, attributes)


def m(tag: str, *inside: object, **attributes: object) -> Element:
    """Make an element of the messages' namespace."""
    return _made(MESSAGES, tag, inside, attributes)


def local(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def said(element: Element | None, path: str) -> str | None:
    """Return the text at a path, ``None`` where there is none."""
    found: str | None = None if element is None else element.findtext(path, namespaces=SPACES)
    return found


def stamp(moment: datetime) -> str:
    """Write a moment in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _made(
    space: str, tag: str, inside: tuple[object, ...], attributes: dict[str, object]
) -> Element:
    element = etree.Element(f"{{{space}}}{tag}", nsmap={"m": MESSAGES, "t": TYPES})
    for name, value in attributes.items():
        element.set(name, _text(value))
    for part in inside:
        if etree.iselement(part):
            element.append(part)
        elif part is not None:
            element.text = _text(part)
    return element


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NO_XML.sub("\ufffd", str(value))
