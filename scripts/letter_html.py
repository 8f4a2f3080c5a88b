"""Print the HTML of the first letter of a folder whose subject begins with given words."""

from __future__ import annotations

import sys
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path


def html_of(folder: Path, begins: str) -> str:
    """Return the HTML part of the letter; raise :class:`LookupError` where there is none."""
    for path in sorted(folder.glob("*.eml")):
        message = message_from_bytes(path.read_bytes())
        subject = str(make_header(decode_header(message["Subject"])))
        pages = [part for part in message.walk() if part.get_content_type() == "text/html"]
        if subject.startswith(begins) and pages:
            return bytes(pages[0].get_payload(decode=True)).decode("utf-8")
    msg = f"{folder}: no letter whose subject begins with «{begins}»"
    raise LookupError(msg)


if __name__ == "__main__":
    print(html_of(Path(sys.argv[1]), sys.argv[2]))
