"""A sixth regulation is a file: a site's own playbook, with nothing written for it but TOML."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mcur.daemon.cli import main
from mcur.playbooks.coverage import counts, coverage
from mcur.playbooks.load import PlaybookError, load
from mcur.playbooks.rules.registry import KINDS
from tests.daemon.playing import Player

SIXTH = Path(__file__).parents[1] / "sixth"
OWN = SIXTH / "playbooks"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of playbooks to spoil."""
    return Path(shutil.copytree(OWN, tmp_path / "playbooks"))


def test_it_has_a_rule_of_every_kind() -> None:
    """What the five can say a sixth can say too."""
    book = load("sredny-1", own=OWN)

    assert {kind for kind in KINDS if not book.rules[kind]} == set()
    assert counts(coverage(book))["uncovered"] == 0


def test_its_day_goes_as_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The scenario stands beside the folder of playbooks."""
    played = Player(tmp_path, capsys).file(SIXTH / "day.toml")

    assert played.status == 0, played.said


def test_a_site_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A site names it as it names a shipped one, and every command knows it."""
    site = tmp_path / "site"
    main(["init", str(site), "--playbook", "odintsovo-1204"])
    shutil.copytree(OWN, site / "playbooks")
    config = site / "mcur.toml"
    text = config.read_text("utf-8").replace('["odintsovo-1204"]', '["odintsovo-1204", "sredny-1"]')
    config.write_text(text, "utf-8")
    capsys.readouterr()

    for asked in (["check"], ["playbook", "list", "--json"]):
        main(["-c", str(config), *asked])
    said = capsys.readouterr().out
    assert "playbooks odintsovo-1204, sredny-1" in said
    listed = json.loads(said[said.index("[") :])
    assert {"id": "sredny-1", "clauses": 19}.items() <= listed[-1].items()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda text: text.replace('id = "sredny-1"', 'id = "other"'),
            "write the name of the file",
        ),
        (lambda text: text.replace('clause = "5"', 'clause = "55"'), 'clause "55" does not stand'),
        (lambda text: text.replace('"7" = "Началь', '"7" = 7 # "Началь'), "clauses.7: write"),
        (lambda text: text.replace('op = "gt"', 'op = "more"'), "surge.house.op"),
    ],
)
def test_what_is_wrong_with_it_is_said(own: Path, spoil: Callable[[str], str], said: str) -> None:
    """A typing mistake is a sentence with its path, no traceback."""
    path = own / "sredny-1.toml"
    path.write_text(spoil(path.read_text("utf-8")), "utf-8")

    with pytest.raises(PlaybookError) as refused:
        load("sredny-1", own=own)
    assert said in str(refused.value)


def test_a_shipped_regulation_is_not_replaced(own: Path) -> None:
    """A file of the same name in the site's folder changes nothing: values are set by [set]."""
    shutil.copy(own / "sredny-1.toml", own / "odintsovo-1204.toml")

    assert load("odintsovo-1204", own=own).digest == load("odintsovo-1204").digest
