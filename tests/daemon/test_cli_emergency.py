"""Looking at emergencies, assumptions and coverage by the command line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.cli import main


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new site, and stand in it."""
    main(["init", str(tmp_path / "site"), "--playbook", "odintsovo-1204"])
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path / "site"


def test_an_emergency_is_listed_until_it_is_closed(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Declared and closed by command; --all shows what has ended."""
    main(["once"])
    fields = ("--field", "mode=emergency", "--field", "object=Обрыв провода")
    main(["act", "declare", "--by", "mcur_head", *fields])
    main(["once"])
    running = listed(capsys, "incidents")
    main(["act", "close", running[0]["key"], "--by", "mcur_head"])
    main(["once"])

    assert [(row["object"], row["state"]) for row in running] == [("Обрыв провода", "open")]
    assert listed(capsys, "incidents") == []
    assert [row["state"] for row in listed(capsys, "incidents", "--all")] == ["closed"]
    assert (site / "state" / "tracker.db").exists()


def test_a_letter_that_waits_is_listed_with_its_term(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose it is, until when he decides, and that it was too late; a late word is refused."""
    (site / "feeds" / "one.csv").write_text(
        "number,received_at,subcategory\n7,2026-11-18T09:10:00+03:00,Теплотрасса\n", "utf-8"
    )
    main(["once", "--at", "2026-11-18T09:00"])
    main(["once", "--at", "2026-11-18T09:20"])
    [task] = [row["key"] for row in listed(capsys, "tasks") if row["kind"] == "executor"]
    main(["act", "unsolved", task, "--by", "mcur_resp"])
    [waiting] = listed(capsys, "drafts")
    prepared, due, expires = (
        datetime.fromisoformat(waiting[name]) for name in ("prepared", "due", "expires")
    )
    main(["once", "--at", f"{expires + timedelta(minutes=1):%Y-%m-%dT%H:%M}"])
    [expired] = listed(capsys, "drafts", "--all")

    assert (waiting["owner"], waiting["state"]) == ("mcur_head", "waiting")
    assert (due - prepared, expires - prepared) == (timedelta(hours=4), timedelta(days=7))
    assert listed(capsys, "drafts") == []
    assert (expired["key"], expired["state"]) == (waiting["key"], "expired")


def test_assumptions_name_the_value_and_the_gap(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader sees the path, the clause and what stands in the place of the gap."""
    rows = {row["path"]: row for row in listed(capsys, "playbook", "assumptions")}

    ladder = rows["odintsovo-1204.ladder.E-1"]
    assert ladder["clause"] == "3.1"
    assert 'wait = "24h"' in ladder["value"]
    assert "(G17)" in ladder["assumes"]
    assert "categories = []" in rows["odintsovo-1204.surge.T4"]["value"]


def test_coverage_counts_each_clause_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The four counts make the whole; --clauses adds the rows."""
    [total] = [r for r in listed(capsys, "playbook", "coverage") if r["clauses"] == 160]
    rows = listed(capsys, "playbook", "coverage", "--clauses")
    whole = next(r for r in rows if r["regulation"] == total["regulation"])

    assert set(total) == {
        "regulation", "clauses", "performed", "helped", "human", "uncovered",
    }  # fmt: skip
    assert sum(v for k, v in total.items() if k not in {"regulation", "clauses"}) == 160
    assert len(whole["rows"]) == 160


def listed(capsys: pytest.CaptureFixture[str], *command: str) -> list[dict[str, Any]]:
    """Return what a command lists as JSON."""
    capsys.readouterr()
    main([*command, "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found
