"""A real Dovecot of one's own: IMAP, IMAPS and LMTP on free loopback ports, no root needed.

It runs as the user of the tests, or as ``nobody`` where the tests run as root (Dovecot's login
processes refuse to be root). Letters come in by LMTP, as from a mail server.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.servers.tls import Certificates, make_certificates
from tests.servers.tokens import TokenServer

PASSWORDS = {
    "robot": "robotpw",
    "head": "headpw",
    "officer": "пароль",
    "mayor": "mayorpw",
    "deputy": "deputypw",
    "garant": "garantpw",
    "uyut": "uyutpw",
}
"""Users of the server; each has the address ``NAME@firm.test``."""

_CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
last_valid_uid = 0
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_max_userip_connections = 200
lmtp_save_to_detail_mailbox = no
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {base}/oauth2
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {base}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  auth_username_format = %n
}}
"""

_TOKENS = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


def is_installed() -> bool:
    """Whether Dovecot and its LMTP part are there."""
    return shutil.which("dovecot", path=_path()) is not None and _has_lmtp()


@dataclass
class Dovecot:
    """A running server; ``stop`` ends it and removes what it kept."""

    base: Path
    imap: int
    imaps: int
    lmtp: int
    certificates: Certificates
    process: subprocess.Popen[bytes]
    tokens: TokenServer

    def inject(self, user: str, letter: bytes, sender: str = "gate@outside.test") -> None:
        """Deliver a letter; it is in INBOX when this returns."""
        self.inject_many(user, [letter], sender)

    def inject_many(
        self, user: str, letters: list[bytes], sender: str = "gate@outside.test"
    ) -> None:
        """Deliver letters over one connection, in their order."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=30) as gate:
            for letter in letters:
                gate.sendmail(sender, [f"{user}@firm.test"], letter)

    def fill(self, user: str, letters: list[bytes]) -> None:
        """Put many letters into INBOX at once, as files: 2,000 deliveries take their time."""
        self.wipe(user)
        self.inject(user, letters[0])
        inbox = self.base / "mail" / user / "Maildir"
        owner = inbox.stat()
        for number, letter in enumerate(letters[1:]):
            file = inbox / "new" / f"1000000000.{number:06}.filled"
            file.write_bytes(letter.replace(b"\r\n", b"\n"))
            os.chown(file, owner.st_uid, owner.st_gid)

    def wipe(self, user: str) -> None:
        """Remove the user's mail and end his sessions; the next login finds an empty INBOX."""
        if not (self.base / "mail" / user).exists():
            return
        self.kick(user)
        shutil.rmtree(self.base / "mail" / user, ignore_errors=True)

    def kick(self, user: str) -> None:
        """End the user's sessions, as a server does that is being restarted."""
        subprocess.run(
            ["doveadm", "-c", str(self.base / "dovecot.conf"), "kick", user],
            env={"PATH": _path()},
            capture_output=True,
            check=False,
            user=_nobody(),
        )

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.process.terminate()
        self.process.wait(timeout=10)
        self.tokens.stop()
        shutil.rmtree(self.base, ignore_errors=True)


def start() -> Dovecot:
    """Start a server and return when it answers."""
    # Not pytest's tmp_path: paths of Unix sockets end at 107 bytes.
    base = Path(tempfile.mkdtemp(prefix="dv"))
    certificates = make_certificates(base)
    ports = {name: free_port() for name in ("imap", "imaps", "lmtp")}
    user, group = ("nobody", "nogroup") if os.getuid() == 0 else _me()
    text = _CONFIGURATION.format(base=base, user=user, group=group, **ports)
    (base / "dovecot.conf").write_text(text)
    users = "".join(f"{name}:{password}\n" for name, password in PASSWORDS.items())
    (base / "users").write_text(users, encoding="utf-8")
    tokens = TokenServer()
    (base / "oauth2").write_text(_TOKENS.format(url=tokens.introspection))
    for name in ("run", "state", "mail"):
        (base / name).mkdir()
    if os.getuid() == 0:
        for path in [base, *base.rglob("*")]:
            shutil.chown(path, user, group)
    process = subprocess.Popen(
        ["dovecot", "-F", "-c", str(base / "dovecot.conf")],
        env={"PATH": _path()},
        user=_nobody(),
        group="nogroup" if _nobody() else None,
        extra_groups=[] if _nobody() else None,
    )
    server = Dovecot(base, certificates=certificates, process=process, tokens=tokens, **ports)
    _wait_until_it_answers(server)
    return server


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(server: Dovecot) -> None:
    for _ in range(500):
        try:
            for port in (server.imap, server.lmtp):
                with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                    assert probe.recv(200)
        except OSError:
            time.sleep(0.01)
        else:
            return
    log = server.base / "dovecot.log"
    said = log.read_text() if log.exists() else "(no log)"
    server.stop()
    msg = f"Dovecot did not start: {said}"
    raise RuntimeError(msg)


def _nobody() -> str | None:
    """Name who runs the server where the tests run as root."""
    return "nobody" if os.getuid() == 0 else None


def _me() -> tuple[str, str]:
    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"


def _has_lmtp() -> bool:
    return Path("/usr/lib/dovecot/lmtp").exists()
