#!/usr/bin/env python3
"""Try an installed mcur where the tree cannot be seen; `scripts/build` runs it.

Says what is wrong in sentences and ends with 1. The one argument is the tree: its files are
compared with what was installed, nothing is imported from it.
"""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("connectors", "daemon", "playbooks", "state")


def main(tree: Path) -> int:
    """Run every check and return the exit status."""
    wrong = [*not_installed(tree), *not_importable(tree), *not_runnable()]
    for sentence in wrong:
        print(f"wheel: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


def not_installed(tree: Path) -> list[str]:
    """Name the files of the tree (modules and data) that the wheel lacks."""
    installed = {str(path) for path in importlib.metadata.files("mcur") or ()}
    return [
        f"{path.relative_to(tree)} is not in it: see packages and package-data in pyproject.toml"
        for package in PACKAGES
        for path in sorted((tree / package).rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and f"mcur/{path.relative_to(tree)}" not in installed
    ]


def not_importable(tree: Path) -> list[str]:
    """Import every module, as a stranger would, and see that it is the installed one."""
    wrong = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(f"mcur.{package}")
        if spec is None or spec.submodule_search_locations is None:
            wrong.append(f"mcur.{package} cannot be found")
            continue
        for found in pkgutil.walk_packages(spec.submodule_search_locations, f"mcur.{package}."):
            module = importlib.import_module(found.name)
            if tree in Path(module.__file__ or "").parents and ".cache" not in str(module.__file__):
                wrong.append(f"{found.name} comes from the tree: {module.__file__}")
    return wrong


def not_runnable() -> list[str]:
    """Ask the console script for its help and its version."""
    script = Path(sys.executable).with_name("mcur")
    wrong = []
    for option in ("--help", "--version"):
        done = subprocess.run([script, option], capture_output=True, text=True, check=False)
        if done.returncode or not done.stdout:
            wrong.append(f"mcur {option} ended with {done.returncode}: {done.stderr.strip()}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
