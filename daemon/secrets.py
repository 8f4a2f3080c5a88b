"""Passwords and keys: where they lie, read at the moment of use, shown nowhere.

The configuration never holds one. A secret is looked for in the file that the configuration
names, then among systemd's credentials (systemd.exec(5), ``LoadCredential=``), then in the
environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SecretMissing(Exception):
    """A secret is nowhere, or cannot be read; the message is a sentence for the administrator."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password or key by the places where it may lie; the value itself is never kept.

    ``owner`` is the id of the connector (``inbox``), ``what`` is ``password`` or ``key``.
    """

    owner: str
    what: str
    file: Path | None = None

    def __repr__(self) -> str:
        return "<secret>"

    @property
    def credential(self) -> str:
        """Name among systemd's credentials: ``inbox.password``."""
        return f"{self.owner}.{self.what}"

    @property
    def variable(self) -> str:
        """Name in the environment: ``MCUR_INBOX_PASSWORD``."""
        return re.sub(r"[^A-Z0-9]", "_", f"MCUR_{self.owner}_{self.what}".upper())

    @property
    def ways(self) -> str:
        """Say the three ways to give it, as the end of a sentence."""
        return (
            f'name a file with {self.what}_file = "…", give the systemd credential '
            f"{self.credential}, or set {self.variable}"
        )

    def read(self, env: Mapping[str, str] | None = None) -> str:
        """Return the value; :class:`SecretMissing` where it is nowhere or empty.

        ``env`` is the environment of the process where it is left out.
        """
        env = os.environ if env is None else env
        found = self._from_file(env)
        value = env.get(self.variable, "") if found is None else self._text(found)
        if not value:
            place = f"{found} is empty" if found else f"there is no {self.what}"
            msg = f"{self.owner}: {place}; {self.ways}"
            raise SecretMissing(msg)
        return value

    def complaint(self, env: Mapping[str, str] | None = None) -> str | None:
        """Say why it cannot be read, for ``mcur check``; ``None`` where all is well."""
        try:
            self.read(env)
        except SecretMissing as exc:
            return str(exc)
        return None

    def open_to_all(self) -> bool:
        """Whether everybody on this machine may read the file that the configuration names."""
        try:
            return self.file is not None and bool(self.file.stat().st_mode & 0o004)
        except OSError:
            return False

    def _from_file(self, env: Mapping[str, str]) -> Path | None:
        if self.file is not None:
            return self.file
        folder = env.get("CREDENTIALS_DIRECTORY")
        path = Path(folder, self.credential) if folder else None
        try:
            return path if path is not None and path.is_file() else None
        except OSError:
            return path  # It is closed to us: reading it says so in a sentence.

    def _text(self, path: Path) -> str:
        try:
            raw = path.read_bytes()
        except OSError as exc:
            why = f"cannot be read: {exc.strerror}"
        else:
            try:
                # An editor ends the file with a line break, which is no part of a password.
                return raw.decode("utf-8-sig").rstrip("\r\n")
            except UnicodeDecodeError:
                why = "is not UTF-8 text"
        # Raised out here, so that no context with the bytes hangs on the traceback.
        msg = f"{self.owner}: {path} {why}; {self.ways}"
        raise SecretMissing(msg)
