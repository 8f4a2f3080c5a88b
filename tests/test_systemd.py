"""The units: what they start, how they guard it, and that systemd itself accepts them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[1] / "systemd"
UNITS = ("mcur.service", "mcur@.service")
# systemd's own judgement can only be had from systemd: a container has none. What the units say is
# compared with the text of the units themselves in every other test here.
HAS_ANALYZE = shutil.which("systemd-analyze") is not None


def unit(name: str) -> dict[str, list[str]]:
    """Return the keys of a unit with all their values, in order."""
    keys: dict[str, list[str]] = {}
    for line in (SYSTEMD / name).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            keys.setdefault(key, []).append(value)
    return keys


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_the_console_script_of_its_own_environment(name: str) -> None:
    """The script cannot be hijacked by a folder named mcur/ where it happens to start."""
    keys = unit(name)

    [start] = keys["ExecStart"]
    assert start.startswith("/opt/mcur/venv/bin/mcur -c /etc/mcur/")
    assert start.endswith(".toml run")
    assert "PYTHONSAFEPATH=1" in keys["Environment"][0].split()


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_waits_for_the_daemon_and_watches_it(name: str) -> None:
    """READY and the watchdog come from the daemon; a wrong configuration is not tried again."""
    keys = unit(name)

    assert keys["Type"] == ["notify"]
    assert keys["Restart"] == ["on-failure"]
    assert keys["RestartPreventExitStatus"] == ["2"]
    assert {"WatchdogSec", "TimeoutStopSec", "StateDirectory", "User"} <= set(keys)


def test_an_instance_differs_only_in_its_site() -> None:
    """Two units that drift apart would guard one site less than the other."""
    one, many = (unit(name) for name in UNITS)

    differing = {key for key in one | many if one.get(key) != many.get(key)}

    assert differing == {
        "Description",
        "EnvironmentFile",
        "ExecStart",
        "StateDirectory",
        "WorkingDirectory",
    }
    assert all("%i" in many[key][0] for key in differing)


@pytest.mark.skipif(not HAS_ANALYZE, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    """No unknown key, no wrong value; only the program itself is not installed here."""
    copy = tmp_path / name
    text = (SYSTEMD / name).read_text(encoding="utf-8")
    copy.write_text(text.replace("/opt/mcur/venv/bin/mcur", "/bin/true"), encoding="utf-8")

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False
    )

    assert [line for line in done.stderr.splitlines() if name.split(".")[0] in line] == []


@pytest.mark.skipif(not HAS_ANALYZE, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_the_daemon_may_do_little_beside_its_work(name: str) -> None:
    """systemd's own measure of what a broken-into daemon could do; 10 is everything."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", SYSTEMD / name],
        capture_output=True,
        text=True,
        check=False,
    )

    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= 1.5
