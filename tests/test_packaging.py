"""What ships: every package, every data file, under one name and one version."""

from __future__ import annotations

import importlib.resources
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[1]
FOLDERS = ("connectors", "daemon", "playbooks", "state")


def pyproject() -> dict[str, Any]:
    """Return the project file, parsed."""
    return tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_with_an_init_is_in_the_list_of_packages() -> None:
    """A package that is missing in the list would be left out of the wheel without a word."""
    found = {
        "mcur." + ".".join(init.parent.relative_to(TREE).parts)
        for folder in FOLDERS
        for init in (TREE / folder).rglob("__init__.py")
    }

    assert set(pyproject()["tool"]["setuptools"]["packages"]) == found


def test_every_folder_with_a_module_has_an_init() -> None:
    """A module in a folder without one works in the tree and is missing in the wheel."""
    bare = {
        path.parent.relative_to(TREE).as_posix()
        for folder in FOLDERS
        for path in (TREE / folder).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }

    assert bare == set()


def test_no_module_comes_under_its_short_name() -> None:
    """A stray `import state` would make a second copy of each class; `is` would lie.

    In a process of its own: other tests must not decide what is loaded here.
    """
    code = (
        "import importlib, pkgutil, sys\n"
        f"for folder in {FOLDERS}:\n"
        "    package = importlib.import_module(f'mcur.{folder}')\n"
        "    for found in pkgutil.walk_packages(package.__path__, f'mcur.{folder}.'):\n"
        "        importlib.import_module(found.name)\n"
        f"print(sorted(set({FOLDERS}) & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        cwd=TREE,  # where the short names can be found, if somebody says them
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_every_data_file_is_named_in_package_data() -> None:
    """What is not Python ships only where a pattern names it; the wheel is tried by make build."""
    patterns: dict[str, list[str]] = pyproject()["tool"]["setuptools"]["package-data"]
    unnamed = []
    for folder in FOLDERS:
        for path in (TREE / folder).rglob("*"):
            if not path.is_file() or path.suffix in {".py", ".pyc"}:
                continue
            home = next(p for p in path.parents if (p / "__init__.py").exists())
            package = "mcur." + ".".join(home.relative_to(TREE).parts)
            allowed = [*patterns["*"], *patterns.get(package, [])]
            if not any(path in set(home.glob(pattern)) for pattern in allowed):
                unnamed.append(str(path.relative_to(TREE)))

    assert unnamed == []


def test_data_is_read_from_the_package() -> None:
    """Playbooks and clauses are found wherever the package is, never by the current folder."""
    library = importlib.resources.files("mcur.playbooks") / "library"
    names = {entry.name for entry in library.iterdir()}

    assert "clauses.csv" in names
    assert all((library / name).read_text(encoding="utf-8") for name in names)


def test_the_version_is_said_once() -> None:
    """`mcur --version` prints what pyproject.toml says."""
    done = subprocess.run(
        [Path(sys.executable).with_name("mcur"), "--version"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert pyproject()["project"]["version"] in re.split(r"[\s,]+", done.stdout)


def test_the_locks_name_no_place() -> None:
    """A lock holds names, versions and digests; where packages come from is the site's choice."""
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (TREE / lock).read_text(encoding="utf-8")

        assert not re.search(r"://|--index|--find-links|^-i |@ file", text, re.MULTILINE)


def test_the_locks_pin_what_the_project_asks_for() -> None:
    """A dependency that somebody adds is locked in the same change (make lock)."""
    project = pyproject()
    runtime = pinned("requirements.lock")
    dev = pinned("requirements-dev.lock")
    groups = project["dependency-groups"]

    assert names(project["project"]["dependencies"]) | names(groups["install"]) <= set(runtime)
    assert names(groups["dev"]) <= set(dev)
    assert runtime.items() <= dev.items()


def pinned(lock: str) -> dict[str, str]:
    """Return the versions of a lock by package."""
    text = (TREE / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", text, re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    """Return the bare names of requirements."""
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in requirements}
