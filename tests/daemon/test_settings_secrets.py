"""Passwords and keys: where they are found, and that they show nowhere."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from mcur.daemon.outside import keys_of
from mcur.daemon.secrets import Secret, SecretMissing
from mcur.daemon.settings import PlaybookNeeds, build, examine
from mcur.daemon.settings_connectors import SmtpSettings

KNOWN = {"odintsovo-1204": PlaybookNeeds()}
VALUE = "пароль s3cr3t "


def a_site(folder: Path) -> dict[str, object]:
    """Make a site with three secrets in files."""
    for name in ("imap", "smtp", "redmine"):
        path = folder / name
        path.write_text(f"{VALUE}\n", "utf-8")
        path.chmod(0o640)
    return {
        "playbooks": ["odintsovo-1204"],
        "administrator": "admin@mosreg.ru",
        "mail": {"address": "mcur@mosreg.ru"},
        "mailboxes": [
            {
                "id": "in-box",
                "kind": "imap",
                "host": "localhost",
                "user": "m",
                "password_file": "imap",
            }
        ],
        "courier": {"kind": "smtp", "host": "localhost", "user": "m", "password_file": "smtp"},
        "tracker": [
            {
                "id": "redmine",
                "kind": "redmine",
                "url": "https://localhost",
                "project": "mcur",
                "key_file": "redmine",
            }
        ],
    }


def test_the_file_comes_before_the_credential_and_that_before_the_environment(
    tmp_path: Path,
) -> None:
    """Each place is asked only where the one before it is not named or not there."""
    (tmp_path / "file").write_text("from file\n")
    (tmp_path / "inbox.password").write_text("from systemd")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    environment = {"MCUR_INBOX_PASSWORD": "from environment"}
    named = Secret("inbox", "password", tmp_path / "file")
    unnamed = Secret("inbox", "password")

    assert named.read(credentials | environment) == "from file"
    assert unnamed.read(credentials | environment) == "from systemd"
    assert unnamed.read(environment) == "from environment"
    assert Secret("other", "password").complaint(credentials) is not None


def test_the_process_environment_is_asked_where_no_other_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the daemon does it."""
    monkeypatch.setenv("MCUR_IN_BOX_KEY", "k")

    assert Secret("in-box", "key").read() == "k"


def test_only_the_line_break_at_the_end_of_a_file_is_dropped(tmp_path: Path) -> None:
    """Blanks may belong to a password."""
    (tmp_path / "file").write_bytes(f"\ufeff{VALUE}\r\n".encode())

    assert Secret("inbox", "password", tmp_path / "file").read({}) == VALUE


def test_a_secret_that_is_nowhere_is_told_with_the_three_ways() -> None:
    """The sentence can be followed without the manual."""
    told = Secret("redmine", "key").complaint({})

    assert told == (
        'redmine: there is no key; name a file with key_file = "…", give the systemd credential '
        "redmine.key, or set MCUR_REDMINE_KEY"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read: No such file"), (b"\n", "is empty"), (b"s3cr3t\xff", "is not UTF-8")],
)
def test_a_file_that_cannot_serve_is_told_without_its_content(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    """A named file that is not there is not replaced by the environment."""
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SecretMissing, match=sentence) as caught:
        Secret("inbox", "password", path).read({"MCUR_INBOX_PASSWORD": "other"})

    told = "".join(traceback.format_exception(caught.value))
    assert f"inbox: {path} " in told
    assert "or set MCUR_INBOX_PASSWORD" in told
    assert "s3cr3t" not in told


def test_no_secret_shows_in_what_settings_print(tmp_path: Path) -> None:
    """Neither repr nor str nor JSON holds one, before and after reading."""
    settings = build(a_site(tmp_path), folder=tmp_path, known_playbooks=KNOWN)
    secrets = settings.secrets()

    assert [secret.variable for secret in secrets] == [
        "MCUR_IN_BOX_PASSWORD",
        "MCUR_COURIER_PASSWORD",
        "MCUR_REDMINE_KEY",
    ]
    assert [secret.read({}) for secret in secrets] == [VALUE] * 3
    assert {repr(secret) for secret in secrets} | {f"{secret}" for secret in secrets} == {
        "<secret>"
    }
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(secrets)):
        assert "s3cr3t" not in shown


def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    """The sentence says how to close it."""
    settings = build(a_site(tmp_path), folder=tmp_path, known_playbooks=KNOWN)
    (tmp_path / "smtp").chmod(0o644)

    assert examine(settings, KNOWN) == [
        f"mcur.toml: courier: everybody here may read {tmp_path / 'smtp'}; chmod o-r it"
    ]


def test_an_application_logs_in_for_the_address_and_may_need_two_secrets(tmp_path: Path) -> None:
    """Its own secret, and the refresh token of the person who allowed it."""
    site = a_site(tmp_path)
    (tmp_path / "refresh").write_text("allowed-once\n", "utf-8")
    site["courier"] = {
        "kind": "smtp",
        "host": "localhost",
        "auth": "oauth2",
        "user": "app-id",
        "address": "mcur@mosreg.ru",
        "token_url": "https://localhost/token",
        "grant": "refresh_token",
        "password_file": "smtp",
        "refresh_token_file": "refresh",
    }

    settings = build(site, folder=tmp_path, known_playbooks=KNOWN)

    assert isinstance(settings.courier, SmtpSettings)
    keys = keys_of(settings.courier, tmp_path)
    assert "MCUR_COURIER_REFRESH_TOKEN" in [secret.variable for secret in settings.secrets()]
    assert keys.tokens is not None
    assert keys.login == "mcur@mosreg.ru"
    assert keys.tokens.shape.client == "app-id"
    assert (keys.tokens.shape.secret, keys.tokens.shape.refresh) == (VALUE, "allowed-once")
