"""The measures of the style: short functions, short modules, no postponed work."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[1]
PRODUCT = ("connectors", "daemon", "playbooks", "state")


def files(*folders: str) -> list[Path]:
    """List the Python files of some folders, as paths from the top of the tree."""
    return [
        path.relative_to(TREE)
        for folder in folders
        for path in sorted((TREE / folder).rglob("*.py"))
    ]


def lines(path: Path) -> list[str]:
    """Return the lines of a file."""
    return (TREE / path).read_text(encoding="utf-8").splitlines()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function with its length, from ``def`` to its last line."""
    for node in ast.walk(ast.parse("\n".join(lines(path)))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_a_function_fits_on_a_screen() -> None:
    """Fifty lines are the hard stop."""
    long = {name: n for path in files(*PRODUCT) for name, n in functions(path) if n > 50}

    assert long == {}


def test_most_functions_are_short() -> None:
    """The half of all functions is under 13 lines, docstring and all."""
    lengths = [n for path in files(*PRODUCT) for _, n in functions(path)]

    assert statistics.median(lengths) < 13


def test_a_module_can_be_read_in_one_sitting() -> None:
    """Four hundred lines are the hard stop; 40 to 150 are the aim."""
    long = {str(path): n for path in files(*PRODUCT) if (n := len(lines(path))) > 400}

    assert long == {}


def test_nothing_is_left_for_later() -> None:
    """What is not done stands in an issue, not in a comment."""
    mark = re.compile("#.*" + "TO" + "DO" + "|#.*" + "FIX" + "ME" + "|#.*" + "X" * 3)

    assert found(mark, files(*PRODUCT, "tests")) == []


def test_an_exception_from_the_tools_names_its_rule() -> None:
    """A bare `noqa` or `type: ignore` would hide tomorrow's mistake as well."""
    bare = re.compile(r"#\s*noqa(?!:\s*[A-Z]+\d)|#\s*type:\s*ignore(?!\[)")

    assert found(bare, files(*PRODUCT, "tests")) == []


def found(pattern: re.Pattern[str], where: list[Path]) -> list[str]:
    """List the lines that a pattern is found in."""
    return [
        f"{path}:{number}: {line.strip()}"
        for path in where
        for number, line in enumerate(lines(path), start=1)
        if path != Path("tests/test_style.py") and pattern.search(line)
    ]
