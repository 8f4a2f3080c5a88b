"""Who may import whom, and which words stand where: the picture of the design, kept true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]

# Which of our packages a folder may import beside itself. Rules decide on facts, connectors touch
# the world, state remembers; only daemon/ knows all three.
MAY_IMPORT = {
    "playbooks": set[str](),
    "state": {"playbooks"},
    "connectors": {"playbooks"},
    "daemon": {"playbooks", "state", "connectors"},
}

# What connectors may know of playbooks: shapes that cross the border, never rules.
PURE_SHAPES = {
    "mcur.playbooks.addresses",
    "mcur.playbooks.directory",
    "mcur.playbooks.documents",
    "mcur.playbooks.facts",
    "mcur.playbooks.filenames",
    "mcur.playbooks.intents",
    "mcur.playbooks.language",
    "mcur.playbooks.mirrored",
}

# One outside library, one place: a file, or a folder that ends with "/".
ONE_HOME = {
    "docx": "connectors/papers/docx.py",
    "exchangelib": "connectors/mail/ews/",
    "holidays": "playbooks/production_calendar.py",
    "PIL": "connectors/papers/",
    "imapclient": "connectors/mail/imap/",
    "python_calamine": "connectors/feeds/",
    "redminelib": "connectors/redmine/",
    "schedule": "daemon/",
    "smtplib": "connectors/mail/smtp.py",
    "sqlite3": "state/ connectors/taskfile.py",
    "sqlite_utils": "state/",
    "xlsxwriter": "connectors/papers/xlsx.py",
}

# Libraries whose folder may hold one importing module only.
ONE_MODULE = {"docx", "holidays", "python_calamine", "schedule", "xlsxwriter"}

READS_A_CLOCK = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "time.localtime",
    "time.gmtime",
}


def modules(folder: str) -> list[Path]:
    """List the modules of a folder of the product, as paths from the top of the tree."""
    return [path.relative_to(TREE) for path in sorted((TREE / folder).rglob("*.py"))]


def product() -> list[Path]:
    """List every module that ships."""
    return [path for folder in MAY_IMPORT for path in modules(folder)]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what a module imports, wherever in it: full dotted names and their lines."""
    for node in ast.walk(ast.parse((TREE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                yield f"a relative import of {module or 'the package'}", node.lineno
            elif module in {"mcur", "mcur.playbooks"}:
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield module, node.lineno


def owner(name: str) -> str | None:
    """Name the folder of ours that a dotted name belongs to."""
    parts = name.split(".")
    return parts[1] if parts[0] == "mcur" and len(parts) > 1 else None


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_the_design_allows(folder: str) -> None:
    """The flow has one direction: connectors never see state, rules see nothing of ours."""
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules(folder)
        for name, line in imports(path)
        if (theirs := owner(name)) and theirs != folder and theirs not in MAY_IMPORT[folder]
    ]

    assert wrong == []


def test_a_connector_knows_shapes_and_no_rules() -> None:
    """What connectors take from playbooks are frozen shapes and words, never a decision."""
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules("connectors")
        for name, line in imports(path)
        if owner(name) == "playbooks" and name not in PURE_SHAPES
    ]

    assert wrong == []


def test_every_import_of_ours_says_its_full_name() -> None:
    """`import state` or a relative import would make a second copy of each class, or none."""
    wrong = [
        f"{path}:{line} has {name}"
        for path in product()
        for name, line in imports(path)
        if name.split(".")[0] in MAY_IMPORT or name.startswith("a relative import")
    ]

    assert wrong == []


@pytest.mark.parametrize("library", ONE_HOME)
def test_an_outside_library_has_one_home(library: str) -> None:
    """A library is imported in one place, so that its ways and errors end there."""
    homes = tuple(ONE_HOME[library].split())
    users = {
        path.as_posix()
        for path in product()
        for name, _ in imports(path)
        if name.split(".")[0] == library
    }

    assert [user for user in users if not user.startswith(homes)] == []
    assert library not in ONE_MODULE or len(users) <= 1


def test_only_the_clock_asks_the_time() -> None:
    """`now` is an argument everywhere else, so the same code runs under a virtual clock."""
    wrong = [
        f"{path}:{line} calls {call}"
        for path in product()
        if path.as_posix() != "daemon/clock.py"
        for call, line in clock_readings(path)
    ]

    assert wrong == []


def clock_readings(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the places where a module reads or passes on a clock of the system."""
    for node in ast.walk(ast.parse((TREE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in READS_A_CLOCK:
                yield name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if f"time.{alias.name}" in READS_A_CLOCK:
                    yield f"time.{alias.name}", node.lineno


@pytest.mark.parametrize("path", modules("playbooks/rules"), ids=str)
def test_a_rule_names_no_regulation(path: Path) -> None:
    """What differs between regulations stands in their TOML: a rule has no id, word or number.

    A clause number is a quoted dotted number («"2.2.1.1"», «"2.d12"»); docstrings and comments
    may cite clauses as examples.
    """
    text = (TREE / path).read_text(encoding="utf-8")
    ids = {file.stem for file in (TREE / "playbooks/library").glob("*.toml")}

    assert [name for name in ids if name in text] == []
    assert re.findall(r"[А-Яа-яЁё]+", text) == []
    assert [
        value for value in strings(path) if re.fullmatch(r"\d+(\.[a-z]?\d+)+(\[\d\])?", value)
    ] == []


def strings(path: Path) -> Iterator[str]:
    """Yield the string constants of a module, docstrings too."""
    for node in ast.walk(ast.parse((TREE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
