"""The documents keep pace with the product: commands, targets, links."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mcur.daemon.cli import cli as main
from mcur.playbooks.coverage import counts, coverage
from mcur.playbooks.load import known_playbooks, load

TREE = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "README.ru.md", "CONTRIBUTING.md", "CHANGELOG.md", "DECISIONS.md")


def text(name: str) -> str:
    """Return a document of the top of the tree."""
    return (TREE / name).read_text(encoding="utf-8")


def commands() -> dict[str, click.Command]:
    """Return what the command line offers."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command and not command.hidden}


def test_the_readme_lists_the_commands_that_there_are() -> None:
    """None is missing in the table, and none stands there that does not exist."""
    table = re.findall(r"^\| `mcur ([a-z-]+)", text("README.md"), re.MULTILINE)

    assert sorted(table) == sorted(commands())


def test_the_table_of_clauses_is_what_coverage_counts() -> None:
    """Who does what is said to people as it is."""
    rows = re.findall(r"^\| `([a-z]+-[a-z0-9]+)` \|(.+)\|$", text("README.ru.md"), re.MULTILINE)
    told = {name: [int(n) for n in cells.split("|")] for name, cells in rows}

    assert told == {n: list(counts(coverage(load(n))).values()) for n in known_playbooks()}


def test_every_command_says_what_it_does() -> None:
    """`mcur --help` is the first thing that a new administrator reads."""
    silent = [name for name, command in commands().items() if not command.get_short_help_str()]

    assert silent == []


@pytest.mark.parametrize("name", ["README.ru.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_document_names_only_commands_that_there_are(name: str) -> None:
    """A command in running text is one that can be typed."""
    named = set(re.findall(r"`(?:\.venv/bin/)?mcur ([a-z]+)", text(name)))

    assert named - set(commands()) == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_names_only_targets_that_there_are(name: str) -> None:
    """What the documents tell people to type works."""
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    typed = re.findall(
        r"`(?:sudo )?make ([a-z]+)|^(?:sudo )?make ([a-z]+)", text(name), re.MULTILINE
    )

    assert {one or other for one, other in typed} <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_link_leads_somewhere(name: str) -> None:
    """Links between the documents name files that exist, and headings that stand there."""
    for target in re.findall(r"\]\(([^)]+)\)", text(name)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")

        assert (TREE / (file or name)).exists()
        assert not anchor or anchor in anchors(file or name)


def anchors(name: str) -> set[str]:
    """Return the anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text(name), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
