import sys
from email.utils import formatdate
from pathlib import Path

import pytest

from gateway import __version__
from gateway.doctor.finding import Status
from gateway.doctor.host import OLDEST_PYTHON, satisfies
from gateway.doctor.machine import Told
from tests.doctor.machines import FakeServer, bad, check, machine, statuses

NOW_S = 1_790_000_000.0


def test_python_and_packages_of_this_environment_are_good(tmp_path: Path) -> None:
    """The tests run in one that the lock files made."""
    examined = machine(tmp_path)
    assert statuses("python", examined) == {"ok"}
    assert statuses("packages", examined) == {"ok"}
    assert __version__ in check("packages", examined)[-1].message


def test_an_old_python_is_told(tmp_path: Path) -> None:
    """With the command that brings a newer one."""
    finding = bad("python", machine(tmp_path, python=(3, 10, 4)))
    assert "3.10.4 is too old" in finding.message
    assert finding.command == "uv tool install --python 3.11 modelport"


def test_the_oldest_python_is_the_packages_own() -> None:
    """One number in two places."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'requires-python = ">={".".join(map(str, OLDEST_PYTHON))}"' in text


@pytest.mark.parametrize(
    ("requirement", "found", "words"),
    [
        ("aiohttp<3.15,>=3.14.4", "3.13.0", "aiohttp 3.13.0 does not fit"),
        ("aiohttp<3.15,>=3.14.4", "3.15.0", "aiohttp 3.15.0 does not fit"),
        ("sqlalchemy[asyncio]>=2.1", None, "sqlalchemy is not installed"),
    ],
)
def test_a_package_that_does_not_fit_is_told(tmp_path: Path, requirement: str, found: str | None, words: str) -> None:
    """The command installs the one that does, with this very interpreter."""
    finding = bad("packages", machine(tmp_path, requirements=[requirement], version_of=lambda _: found))
    assert words in finding.message
    assert (finding.command or "").startswith(f"{sys.executable} -m pip install '")


def test_what_is_not_for_this_machine_is_not_missed(tmp_path: Path) -> None:
    """Extras, and packages of other systems."""
    requirements = ["asyncpg>=0.31; extra == 'postgres'", "uvloop>=0.22; sys_platform != 'win32'", "yarl>=1.24"]
    examined = machine(tmp_path, requirements=requirements, version_of={"yarl": "1.25"}.get)
    assert statuses("packages", examined) == {"ok"}


def test_postgresql_without_its_driver_is_told(tmp_path: Path) -> None:
    """It is an extra."""
    text = "database: {url: 'postgresql://u@h/db'}\n"
    finding = bad("packages", machine(tmp_path, text, requirements=["yarl"], version_of={"yarl": "1"}.get))
    assert "modelport[postgres]" in (finding.command or "")


@pytest.mark.parametrize(
    ("version", "rule", "fits"),
    [
        ("3.14.5", ">=3.14.4,<3.15", True),
        ("3.14.4", ">=3.14.4,<3.15", True),
        ("3.15", ">=3.14.4,<3.15", False),
        ("46", ">=46", True),
        ("2.1.0b2", ">=2.1", True),
        ("0.59.9", ">=0.60", False),
        ("4.0", ">=2.54,<4", False),
        ("1.2", "!=1.2.0", False),
        ("1", "", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, rule: str, *, fits: bool) -> None:
    """As far as our own requirements go."""
    assert satisfies(version, rule) is fits


@pytest.mark.parametrize(
    ("apart_s", "status"), [(0, Status.OK), (-20, Status.WARN), (20, Status.WARN), (3600, Status.FAIL)]
)
def test_clocks_that_disagree_are_told(tmp_path: Path, apart_s: int, status: Status) -> None:
    """By the Date of the server's answer."""
    told = Told(200, {}, {"server": "modelport", "date": formatdate(NOW_S + apart_s, usegmt=True)})
    examined = machine(tmp_path, server=FakeServer({"-/healthy": told}), now_s=lambda: NOW_S)
    (finding,) = check("clock", examined)
    assert finding.status is status
    assert (finding.command == "sudo timedatectl set-ntp true") is (status is not Status.OK)


def test_a_clock_of_another_age_is_told(tmp_path: Path) -> None:
    """A board without a battery begins in 1970."""
    assert "before 2025" in bad("clock", machine(tmp_path, now_s=lambda: 0.0)).message
