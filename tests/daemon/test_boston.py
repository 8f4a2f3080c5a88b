"""Overdue by our arithmetic beside somebody else's: an excerpt of Boston's 311 service, through a site."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcur.daemon.books import known_needs
from mcur.daemon.cli import cli
from mcur.daemon.site_template import make_site

TESTS = Path(__file__).parents[1]
EXCERPT = TESTS / "connectors" / "feeds" / "data" / "boston311-excerpt.csv"
FEED = Path(__file__).parent / "data" / "boston.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A new site with the feed of Boston at the end of its file."""
    site = tmp_path / "site"
    make_site(site, ["odintsovo-1204"], "letter", known_needs())
    path = site / "mcur.toml"
    path.write_text(path.read_text("utf-8") + FEED.read_text("utf-8"), "utf-8")
    return path


def mcur(config: Path, *arguments: str) -> Result:
    """Run a command as an administrator does."""
    done = CliRunner().invoke(cli, ["-c", str(config), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def ingest(config: Path, file: Path) -> str:
    """Read an export and return what the command said."""
    return mcur(config, "ingest", str(file), "--source", "boston311").stdout


def test_overdue_agrees_with_the_citys_own_verdict(config: Path) -> None:
    """On every row that has both stamps and a verdict, closed late and OVERDUE are the same."""
    ingest(config, EXCERPT)

    late = {
        row["number"] for row in json.loads(mcur(config, "appeals", "--overdue", "--json").stdout)
    }

    judged = {
        row["CASE_ENQUIRY_ID"]: row["OnTime_Status"]
        for row in csv.DictReader(EXCERPT.read_text("utf-8").splitlines())
        if row["TARGET_DT"] and row["CLOSED_DT"] and row["OnTime_Status"]
    }
    assert len(judged) > 20
    assert late & judged.keys() == {n for n, verdict in judged.items() if verdict == "OVERDUE"}


def test_the_same_file_again_is_not_read_again(config: Path) -> None:
    """The second time nothing is new, nothing changed and nothing waits to be sent."""
    first = ingest(config, EXCERPT)

    second = ingest(config, EXCERPT)

    assert "40 rows, new 40, changed 0, known 0" in first
    assert "read last, not read again): 40 rows, new 0, changed 0, known 40" in second
    assert "nothing waits" in mcur(config, "outbox").stdout


def test_rows_of_another_file_are_looked_at_and_known(config: Path, tmp_path: Path) -> None:
    """An export with fewer rows, and the first one after it: read, and nothing is new."""
    part = tmp_path / "part.csv"
    lines = EXCERPT.read_text("utf-8").splitlines(keepends=True)
    part.write_text("".join(lines[:6]), "utf-8")
    ingest(config, EXCERPT)

    fewer = ingest(config, part)
    whole = ingest(config, EXCERPT)

    assert "(mapping): 5 rows, new 0, changed 0, known 5" in fewer
    assert "(mapping): 40 rows, new 0, changed 0, known 40" in whole


def test_another_mapping_reads_the_same_file_again(config: Path) -> None:
    """What was mapped anew is taken from the rows that were known."""
    ingest(config, EXCERPT)
    text = config.read_text("utf-8")
    config.write_text(text.replace('block = "SUBJECT"', 'block = "Department"'), "utf-8")

    again = ingest(config, EXCERPT)

    assert "40 rows, new 0, changed 40, known 0" in again
