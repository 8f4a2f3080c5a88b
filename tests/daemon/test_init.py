"""A new site: what lies in it, and that it works as it stands."""

from __future__ import annotations

import re
import stat
import tomllib
from datetime import date
from pathlib import Path

import pytest

from mcur.daemon.settings import PlaybookNeeds, SettingsError, build, examine, load
from mcur.daemon.settings_connectors import (
    EwsMailboxSettings,
    ImapSettings,
    RedmineSettings,
    SmtpSettings,
)
from mcur.daemon.settings_values import GateMode
from mcur.daemon.site_template import invent, make_site, site_text
from mcur.playbooks.facts import TaskKind

NEEDS = {
    "odintsovo-1204": PlaybookNeeds(
        report_roles=frozenset({"mcur_head", "okrug_head", "deputy_heads", "uo"}),
        roles=frozenset({"mcur_head", "mcur_resp", "omsu_persons", "deputy_head", "executor"}),
        kinds=frozenset(TaskKind),
    ),
    "ruza-679": PlaybookNeeds(roles=frozenset({"mcur_resp@ЖКХ", "mcur_resp@ЦИОГВ", "shaman"})),
}


def mode(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("playbooks", [["odintsovo-1204"], ["odintsovo-1204", "ruza-679"]])
def test_a_new_site_has_no_errors_and_no_warnings(tmp_path: Path, playbooks: list[str]) -> None:
    """It works as it stands: every role has a person, every folder is there."""
    made = make_site(tmp_path / "site", playbooks, "practical", NEEDS)
    settings = load(made[0], NEEDS)

    assert examine(settings, NEEDS) == []
    assert settings.playbooks == tuple(playbooks)
    assert settings.overlay == "practical"
    assert settings.gate("tasks").mode is GateMode.ON
    assert settings.directory().recipients("deputy_heads", date(2026, 11, 18)) != []


def test_a_new_site_has_the_folders_of_the_contract(tmp_path: Path) -> None:
    """All of them are told, and the state is closed to others whatever the umask."""
    site = tmp_path / "deep" / "site"
    made = make_site(site, ["odintsovo-1204"], "letter", NEEDS)

    for name in ("mail/in/cur", "mail/in/new", "mail/in/tmp", "mail/out", "out", "state"):
        assert mode(site / name) == 0o750
    for name in ("feeds", "feeds/done", "feeds/failed"):
        assert mode(site / name) == 0o770
    assert mode(site / "mcur.toml") == 0o640
    assert set(made) == set(site.rglob("*"))


def test_an_empty_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    """The administrator made it, with the owner and mode he wanted."""
    tmp_path.chmod(0o755)

    make_site(tmp_path, ["odintsovo-1204"], "letter", NEEDS)

    assert mode(tmp_path) == 0o755


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """Nothing of the administrator's is ever overwritten."""
    (tmp_path / ".hidden").touch()

    with pytest.raises(SettingsError) as caught:
        make_site(tmp_path, ["odintsovo-1204"], "letter", NEEDS)

    assert str(caught.value) == f"{tmp_path} is not empty; name a new or an empty folder"
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


@pytest.mark.parametrize("inside", ["", "site"])
def test_a_file_in_the_way_is_told_in_a_sentence(tmp_path: Path, inside: str) -> None:
    """At the place of the folder or above it."""
    (tmp_path / "taken").touch()

    with pytest.raises(SettingsError, match=r"is a file; name a new|cannot be made: Not a dir"):
        make_site(tmp_path / "taken" / inside, ["odintsovo-1204"], "letter", NEEDS)


def test_a_playbook_that_nobody_knows_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """The sentence offers the nearest."""
    with pytest.raises(SettingsError) as caught:
        make_site(tmp_path / "site", ["odintsovo-1024"], "letter", NEEDS)

    assert str(caught.value) == (
        '"odintsovo-1024" is not a playbook; known: odintsovo-1204, ruza-679; '
        'did you mean "odintsovo-1204"?'
    )
    assert not (tmp_path / "site").exists()


def test_invented_people_are_plainly_invented() -> None:
    """Different names, addresses that nobody owns, heads first, nobody for organisations."""
    people = invent({"shaman", "mcur_resp@ЖКХ", "mcur_head", "deputy_heads", "executor", "hq"})

    assert [p.role for p in people] == ["mcur_head", "mcur_resp@ЖКХ", "deputy_head", "shaman"]
    assert people[1].position == "ответственный сотрудник МЦУР, блок ЖКХ"
    assert [p.name for p in people[:2]] == ["Примеров А. А.", "Примеров Б. А."]
    assert all(p.email.endswith("@mcur.example") for p in people)
    assert len({p.email for p in people}) == len(people)


def test_what_is_commented_out_is_right_as_well() -> None:
    """An administrator who removes the comment signs gets a site that is read."""
    text = site_text(["odintsovo-1204"], "letter", NEEDS)
    offered = "\n".join(re.findall(r"(?m)^#(\S.*)$", text))
    data = tomllib.loads(text) | tomllib.loads(offered)
    data["people"] += tomllib.loads(text)["people"]

    settings = build(data, folder=Path("site"), known_playbooks=NEEDS, on_disk=False)

    assert isinstance(settings.courier, SmtpSettings)
    assert [type(part) for part in settings.mailboxes] == [ImapSettings, EwsMailboxSettings]
    assert [type(part) for part in settings.trackers] == [RedmineSettings]
    assert settings.gate("reports").mode is GateMode.REDIRECT
    assert settings.live.since is not None


def test_the_example_addresses_are_told_before_real_letters_leave() -> None:
    """With SMTP in place of files, each invented address is a warning."""
    text = site_text(["odintsovo-1204"], "letter", NEEDS)
    data = tomllib.loads(text) | {"courier": {"kind": "smtp", "host": "smtp.mosreg.ru"}}
    settings = build(data, folder=Path("site"), known_playbooks=NEEDS, on_disk=False)

    told = [w for w in examine(settings, NEEDS, on_disk=False) if "is an example" in w]
    assert len(told) == len(data["people"]) + len(data["executors"]) + 2
