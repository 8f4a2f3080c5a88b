"""Entry point: ``.venv/bin/python -m tests.bench [--boston FILE] [PART …]``."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import following, hearing, idle, letters, process, reading, week, writing
from tests.bench.figures import Figure

Part = Callable[[Path], Iterator[Figure]]
console = Console(width=None if Console().is_terminal else 160, highlight=False)
begun = time.monotonic()


def main() -> None:
    """Measure the parts that were asked for and print one table."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="reading, letters, process, idle, week, writing, following, hearing",
    )
    parser.add_argument("--boston", type=Path, metavar="FILE", help="boston311-2015-02.csv")
    asked = parser.parse_args()
    parts = _parts(asked.boston)
    unknown = sorted(set(asked.parts) - set(parts))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(parts)}")
    table = Table("what", "ours", "beside it", "ratio", "aim", title="mcur bench", box=None)
    with tempfile.TemporaryDirectory(prefix="mcur-bench-") as folder:
        for name in asked.parts or parts:
            home = Path(folder) / name
            home.mkdir()
            for figure in parts[name](home):
                table.add_row(figure.what, figure.ours, figure.bare, figure.ratio, figure.aim)
    console.print(table)
    console.print(
        f"{time.monotonic() - begun:.0f} s; the ratios of one run compare, the rest is this machine"
    )


def _parts(boston: Path | None) -> Mapping[str, Part]:
    return {
        "reading": lambda folder: reading.measure(folder, boston, _tell),
        "letters": lambda folder: letters.measure(folder, _tell),
        "process": lambda folder: process.measure(folder, _tell),
        "idle": lambda folder: idle.measure(folder, _tell),
        "week": lambda folder: week.measure(folder, _tell),
        "writing": lambda folder: writing.measure(folder, _tell),
        "following": lambda folder: following.measure(folder, _tell),
        "hearing": lambda folder: hearing.measure(folder, _tell),
    }


def _tell(what: str) -> None:
    console.print(f"{time.monotonic() - begun:4.0f} s  {what}")


if __name__ == "__main__":
    main()
