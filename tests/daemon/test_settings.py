"""The configuration of a site: what is refused and in which words, what comes out of it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.settings import (
    CHANNELS,
    PlaybookNeeds,
    Settings,
    SettingsError,
    build,
    examine,
    find_config,
    load,
)
from mcur.daemon.settings_connectors import ImapSettings, RedmineSettings, SmtpSettings
from mcur.daemon.settings_values import Gate, GateMode
from mcur.playbooks.facts import AppealStatus, TaskKind

BROKEN = Path(__file__).parent / "broken"

KNOWN = {
    "odintsovo-1204": PlaybookNeeds(
        report_roles=frozenset({"mcur_head"}),
        roles=frozenset({"mcur_head", "mcur_resp", "deputy_head", "executor"}),
        kinds=frozenset({"executor", "plan"}),
        sides=frozenset({"mcur", "cur"}),
    ),
    "ruza-679": PlaybookNeeds(roles=frozenset({"mcur_resp"})),
}


def a_site(**tables: Any) -> dict[str, Any]:
    """Make the smallest site that is right, with these tables beside or instead."""
    head = {"role": "mcur_head", "name": "Иванов И. И.", "email": "head@example.ru"}
    base = {
        "playbooks": ["odintsovo-1204"],
        "administrator": "admin@example.ru",
        "mail": {"address": "mcur@example.ru"},
        "people": [
            head,
            {"roles": ["mcur_resp@ЖКХ", "deputy_head"], "name": "Петров П. П.", "email": "p@e.ru"},
        ],
    }
    return base | tables


def built(**tables: Any) -> Settings:
    """Build settings of a site that needs nothing on the disk."""
    return build(a_site(**tables), folder=Path("site"), known_playbooks=KNOWN, on_disk=False)


def warned(**tables: Any) -> list[str]:
    """List the warnings of such a site."""
    return examine(built(**tables), KNOWN, on_disk=False)


IMAP = {"id": "inbox", "kind": "imap", "host": "mail.example.ru", "user": "mcur"}
SMTP = {"kind": "smtp", "host": "mail.example.ru"}
REDMINE = {
    "id": "redmine",
    "kind": "redmine",
    "url": "https://redmine.example.ru/",
    "project": "mcur",
}


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.toml")), ids=lambda path: path.stem)
def test_a_broken_site_is_refused_with_its_reason(path: Path) -> None:
    """Each file in broken/ names in its first line the only sentence that it must get."""
    expected = path.read_text("utf-8").splitlines()[0].removeprefix("# expect: ")

    with pytest.raises(SettingsError) as caught:
        load(path, KNOWN)

    assert str(caught.value) == f"{path.name}: {expected.replace('{folder}', str(BROKEN))}"


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.toml")), ids=lambda path: path.stem)
def test_a_refused_site_never_shows_a_secret(path: Path) -> None:
    """Neither the sentence nor the traceback repeats what somebody wrote as a password."""
    with pytest.raises(SettingsError) as caught:
        load(path, KNOWN)

    told = "".join(traceback.format_exception(caught.value))
    assert "s3cr3t" not in told
    assert "0123456789abcdef" not in told
    assert caught.value.__context__ is None


def test_all_errors_are_told_at_once_in_the_order_of_their_kind() -> None:
    """Wrong shapes, wrong references and missing folders come in one reading."""
    data = a_site(
        playbooks=["odintsovo-1203"],
        overlay="mild",
        tracker=[REDMINE | {"profile": "fulll", "markup": "html"}],
        feeds=[{"id": "export", "path": "exports"}],
        poll={"mail": "2 min", "feeds": "0m"},
    )

    with pytest.raises(SettingsError) as caught:
        build(data, folder=Path("site"), known_playbooks=KNOWN)

    places = [message.split(": ")[1] for message in caught.value.messages]
    assert places == [
        "overlay",
        "tracker[0].profile",
        "tracker[0].markup",
        "poll.feeds",
        "poll.mail",
        "feeds[0].path",
        "playbooks[0]",
    ]


def test_what_follows_from_a_broken_table_is_not_told() -> None:
    """A person whose table cannot be read is no reason to say that nobody holds the role."""
    data = a_site(people=[{"role": "mcur_head", "nome": "Иванов И. И."}])

    with pytest.raises(SettingsError) as caught:
        build(data, folder=Path("site"), known_playbooks=KNOWN, on_disk=False)

    assert [m.split(": ")[1] for m in caught.value.messages] == ["people[0].name", "people[0].nome"]


def test_a_scenario_names_itself_and_its_table() -> None:
    """The same tables under [site] get their path from there."""
    with pytest.raises(SettingsError) as caught:
        build(
            a_site(overlay="mild"),
            folder=Path(),
            known_playbooks=KNOWN,
            source="week.toml",
            prefix="site",
            on_disk=False,
        )

    assert str(caught.value).startswith('week.toml: site.overlay: "mild" is not an overlay')


def test_the_smallest_site_gets_its_defaults() -> None:
    """Without tables: the embedded tracker, files out, nothing in."""
    settings = built()

    assert [tracker.kind for tracker in settings.trackers] == ["embedded"]
    assert settings.courier.kind == "files"
    assert settings.mailboxes == ()
    assert settings.poll.mail == timedelta(minutes=2)
    assert settings.live.fuse == 500
    assert settings.mail.max_size == 25 * 1024 * 1024


def test_paths_are_relative_to_the_folder_of_the_file() -> None:
    """Written paths and those of defaults alike; an absolute path stays."""
    settings = built(
        feeds=[{"id": "export"}, {"id": "other", "path": "/srv/exports"}],
        courier=SMTP | {"password_file": "secrets/mail", "user": "mcur"},
    )

    assert settings.folder == Path("site")
    assert settings.state.path == Path("site/state/mcur.db")
    assert settings.trackers[0].kind == "embedded"
    assert settings.trackers[0].path == Path("site/state/tracker.db")
    assert [feed.path for feed in settings.feeds] == [Path("site/feeds"), Path("/srv/exports")]
    assert isinstance(settings.courier, SmtpSettings)
    assert settings.courier.password_file == Path("site/secrets/mail")


def test_a_full_site_is_read_as_written() -> None:
    """Every table of the contract, with what comes out of it."""
    settings = built(
        name="МЦУР",
        live={
            "from": datetime(2026, 11, 16, tzinfo=UTC),
            "reports": "redirect:me@example.ru",
            "fuse": 50,
        },
        set={"odintsovo-1204.report.O-2.send_at": "09:45"},
        feeds=[
            {
                "id": "boston",
                "pattern": ["*.csv"],
                "scope": "window:7d",
                "zone": "America/New_York",
                "expected_by": "09:00",
                "mapping": {"number": "CASE_ENQUIRY_ID", "received_at": "OPEN_DT"},
                "constants": {"municipality": "Boston"},
                "statuses": {"Closed": "closed"},
                "date_format": "%m/%d/%Y %I:%M:%S %p",
                "encoding": "windows-1251",
            }
        ],
        mailboxes=[IMAP | {"after": "move:Обработано"}],
        tracker=[
            REDMINE | {"kinds": ["plan"], "projects": {"plan": "soglasovanie"}},
            {"id": "embedded", "kind": "embedded"},
        ],
    )
    [feed], [mailbox] = settings.feeds, settings.mailboxes

    assert settings.gate("reports") == Gate(GateMode.REDIRECT, "me@example.ru")
    assert settings.values == {"odintsovo-1204.report.O-2.send_at": "09:45"}
    assert feed.source == "boston"
    assert feed.scope is not None
    assert str(feed.scope) == "window:7d"
    assert feed.zone.key == "America/New_York"
    assert feed.statuses == {"Closed": AppealStatus.CLOSED}
    assert feed.encoding == "cp1251"
    assert isinstance(mailbox, ImapSettings)
    assert (mailbox.port, mailbox.after) == (993, "move:Обработано")
    assert isinstance(settings.trackers[0], RedmineSettings)
    assert settings.trackers[0].url == "https://redmine.example.ru"


@pytest.mark.parametrize(
    ("kind", "security", "port"),
    [
        ("imap", "tls", 993),
        ("imap", "starttls", 143),
        ("smtp", "tls", 465),
        ("smtp", "starttls", 587),
        ("smtp", "none", 25),
    ],
)
def test_the_port_follows_the_security(kind: str, security: str, port: int) -> None:
    """The ports of RFC 8314 and their older neighbours."""
    if kind == "imap":
        [part] = built(mailboxes=[IMAP | {"security": security}]).mailboxes
    else:
        part = built(courier=SMTP | {"security": security}).courier  # type: ignore[assignment]

    assert getattr(part, "port", None) == port


def test_the_directory_has_people_with_roles_absences_and_executors() -> None:
    """The rules get their own shapes, and who may give assignments."""
    away = {"from": date(2026, 11, 18), "to": date(2026, 11, 20), "substitute": "Петров П. П."}
    settings = built(
        people=[
            {"role": "mcur_head", "name": "Иванов И. И.", "email": "i@e.ru", "absences": [away]},
            {"roles": ["mcur_resp@ЖКХ"], "name": "Петров П. П.", "email": "p@e.ru"},
        ],
        executors=[{"name": "УК «Солнце»", "aliases": ["Солнце"], "email": "uk@e.ru"}],
        mail={"address": "m@e.ru", "trusted": [{"from": "*@gzhi.mosreg.ru", "as": "gzhi"}]},
    )
    directory = settings.directory()

    [stand_in] = directory.recipients("mcur_head", date(2026, 11, 19))
    assert (stand_in.name, stand_in.substitute_for) == ("Петров П. П.", "Иванов И. И.")
    assert [p.name for p in directory.holders("mcur_resp")] == ["Петров П. П."]
    assert directory.executor("ук солнце") is not None
    assert directory.trusted == (("*@gzhi.mosreg.ru", "gzhi"),)
    assert directory.administrator == "admin@example.ru"


@pytest.mark.parametrize(
    "tables", [{"mailboxes": [IMAP]}, {"courier": SMTP}, {"tracker": [REDMINE]}]
)
def test_a_site_with_a_real_connector_starts_in_shadow(tables: dict[str, Any]) -> None:
    """Nothing leaves before somebody opens a gate; an opened gate stays open."""
    settings = built(**tables)

    assert {settings.gate(channel).mode for channel in CHANNELS} == {GateMode.SHADOW}
    assert built(**tables, live={"tasks": "on"}).gate("tasks").mode is GateMode.ON


def test_a_site_of_embedded_parts_is_open() -> None:
    """The first minute on any machine shows the whole job."""
    settings = built()

    assert {settings.gate(channel).mode for channel in CHANNELS} == {GateMode.ON}


def test_tasks_are_routed_by_kind() -> None:
    """Who names a kind keeps it; the table without kinds keeps the rest."""
    settings = built(
        tracker=[{"id": "embedded", "kind": "embedded"}, REDMINE | {"kinds": ["plan", "measure"]}]
    )

    kept = {kind: getattr(settings.tracker_for(kind), "id", None) for kind in TaskKind}
    assert (kept[TaskKind.PLAN], kept[TaskKind.EXECUTOR]) == ("redmine", "embedded")


def test_a_frozen_site_cannot_be_changed() -> None:
    """Settings are read once."""
    settings = built()

    with pytest.raises(ValueError, match="frozen"):
        settings.name = "другое"


@pytest.mark.parametrize(
    ("tables", "warning"),
    [
        ({"administrator": ""}, "administrator: is empty; nobody is told when something"),
        (
            {"people": [{"role": "mcur_head", "name": "Иванов И. И."}]},
            "people[0].email: is empty; Иванов И. И. gets reports as mcur_head and no letter",
        ),
        (
            {"people": [{"role": "mcur_head", "name": "Иванов И. И.", "email": "i@e.ru"}]},
            'people: nobody holds the role "deputy_head" of odintsovo-1204',
        ),
        (
            {"people": [*a_site()["people"], a_site()["people"][0]]},
            'people[2].name: "Иванов И. И." stands here twice',
        ),
        (
            {"executors": [{"name": "УК «Солнце»"}]},
            'executors[0].email: is empty; УК «Солнце» has notify = "mail" and hears of no task',
        ),
        (
            {"mailboxes": [IMAP | {"security": "none"}]},
            'mailboxes[0].security: "none" sends the password in clear',
        ),
        (
            {"tracker": [REDMINE | {"url": "http://redmine.example.ru"}]},
            "tracker[0].url: sends the key in clear; use https",
        ),
        ({"courier": SMTP}, 'people[0].email: "head@example.ru" is an example'),
        (
            {
                "mailboxes": [IMAP],
                "mail": {
                    "address": "mcur@example.ru",
                    "trusted": [{"from": "*@cur.mosreg.ru", "as": "cur"}],
                },
            },
            "mail.authserv: is empty; whoever writes under a trusted address is believed",
        ),
    ],
)
def test_what_works_and_looks_wrong_is_a_warning(tables: dict[str, Any], warning: str) -> None:
    """The site is built all the same."""
    told = [sentence.removeprefix("mcur.toml: ") for sentence in warned(**tables)]

    assert any(sentence.startswith(warning) for sentence in told)


def test_a_site_without_faults_has_no_warnings() -> None:
    """Silence means that all is well."""
    assert warned() == []


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Windows editors put one in front."""
    path = tmp_path / "mcur.toml"
    path.write_text('playbooks = ["ruza-679"]\nmail.address = "a@b.ru"\n', "utf-8-sig")

    assert load(path, KNOWN).playbooks == ("ruza-679",)


def test_a_file_in_another_encoding_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The sentence says what to do in the editor."""
    path = tmp_path / "mcur.toml"
    path.write_bytes('name = "МЦУР"'.encode("cp1251"))

    with pytest.raises(SettingsError) as caught:
        load(path, KNOWN)

    assert str(caught.value) == "mcur.toml: byte 8 is not UTF-8; save the file as UTF-8"


def test_a_path_that_cannot_be_looked_at_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A closed folder, or a name that no file system takes, is no crash."""
    long = "x" * 300
    data = a_site(
        feeds=[{"id": "export", "path": long}],
        courier=SMTP | {"ca_file": long},
        playbooks=["ruza-679"],
    )

    with pytest.raises(SettingsError) as caught:
        build(data, folder=tmp_path, known_playbooks=KNOWN)

    assert [m.replace(f"{tmp_path / long}", "PATH") for m in caught.value.messages] == [
        "mcur.toml: feeds[0].path: PATH cannot be looked at: File name too long",
        "mcur.toml: courier.ca_file: PATH cannot be looked at: File name too long",
    ]


def test_the_site_is_found_in_the_order_of_the_contract(tmp_path: Path) -> None:
    """The option, the variable, the working folder; a folder stands for the file in it."""
    here, there, other = tmp_path / "here", tmp_path / "there", tmp_path / "other.toml"
    for folder in (here, there):
        folder.mkdir()
        (folder / "mcur.toml").touch()
    other.touch()
    env = {"MCUR_CONFIG": str(other)}

    assert find_config(str(there), env, here) == there / "mcur.toml"
    assert find_config("../other.toml", {}, here).samefile(other)
    assert find_config(None, env, here) == other
    assert find_config(None, {}, here) == here / "mcur.toml"


def test_a_site_that_is_named_and_not_there_is_not_replaced(tmp_path: Path) -> None:
    """Another site than the one asked for would be worse than none."""
    (tmp_path / "mcur.toml").touch()

    with pytest.raises(SettingsError, match=r"there is no .*lost\.toml \(named by -c\)"):
        find_config("lost.toml", {}, tmp_path)
    with pytest.raises(SettingsError, match=r"there is no .*lost\.toml \(named by \$MCUR_CONFIG\)"):
        find_config(None, {"MCUR_CONFIG": "lost.toml"}, tmp_path)


def test_without_any_site_all_places_are_named(tmp_path: Path) -> None:
    """The sentence ends with the way to make one."""
    with pytest.raises(SettingsError) as caught:
        find_config(None, {}, tmp_path)

    told = str(caught.value)
    for place in ("-c FILE", "$MCUR_CONFIG", str(tmp_path / "mcur.toml"), "/etc/mcur/mcur.toml"):
        assert place in told


def everywhere(data: Any, wrong: object) -> Iterator[Any]:
    """Yield the data with one value at a time replaced, at every place of the tree."""
    yield wrong
    steps = list(data) if isinstance(data, dict) else []
    steps = list(range(len(data))) if isinstance(data, list) else steps
    for step in steps:
        inner = data[step]
        for changed in everywhere(inner, wrong):
            copy = data.copy()
            copy[step] = changed
            yield copy


@pytest.mark.parametrize(
    "wrong",
    [5, -1, 2.5, True, "", "x", "[", [], [5], ["x", []], {}, {"kind": ["x"]}, {"id": 5}, [{}]],
    ids=repr,
)
def test_whatever_stands_wherever_is_read_or_refused_with_a_sentence(wrong: object) -> None:
    """No value that TOML can hold ends in anything but settings or sentences."""
    away = {"from": date(2026, 11, 18), "to": date(2026, 11, 20), "substitute": "Петров П. П."}
    data = a_site(
        live={"from": datetime(2026, 11, 16, tzinfo=UTC), "reports": "on", "fuse": 5},
        set={"a.b": 1},
        feeds=[{"id": "export", "scope": "day", "zone": "UTC", "mapping": {"number": "N"}}],
        mailboxes=[IMAP],
        courier=SMTP | {"port": 25},
        tracker=[REDMINE | {"kinds": ["plan"], "projects": {"plan": "p"}}],
        poll={"mail": "2m"},
        executors=[{"name": "УК", "notify": "mail", "addresses": ["одинцово*"]}],
    )
    data["people"][0]["absences"] = [away]

    told: list[str] = []

    for changed in everywhere(data, wrong):
        if isinstance(changed, dict):
            try:
                build(changed, folder=Path("site"), known_playbooks=KNOWN)
            except SettingsError as exc:
                told += exc.messages

    assert told
    assert [m for m in told if not re.fullmatch(r"mcur\.toml: \S.*: .*\S", m)] == []
