"""Python, the packages beside us, and the clock."""

import importlib.util
import platform
import re
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

from gateway import __version__
from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine, Silence

OLDEST_PYTHON = (3, 11)
"""`requires-python` of pyproject.toml."""
_OLDEST_YEAR_S = 1_735_689_600  # 2025-01-01: a clock before this program was written is wrong
_CLOCK_WARN_S = 5.0
_CLOCK_FAIL_S = 60.0  # keys' ends, certificates and signed requests go by the minute
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?P<rule>[^;]*)(?:;\s*(?P<marker>.*))?")
_RULE = re.compile(r"(>=|<=|==|!=|<|>|~=)\s*([0-9][0-9A-Za-z.]*)")


def check_python(machine: Machine) -> Iterator[Finding]:
    """Whether Python is new enough."""
    shown = ".".join(map(str, machine.python))
    if machine.python < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield fail(f"Python {shown} is too old: {oldest} is needed", f"uv tool install --python {oldest} modelport")
        return
    yield ok(f"{machine.implementation} {shown} on {platform.system()} {platform.machine()}")


def check_packages(machine: Machine) -> Iterator[Finding]:
    """Whether each package is there in a version that was tried, and is the one that is meant."""
    checked = 0
    for requirement in machine.requirements:
        parts = _REQUIREMENT.fullmatch(requirement.strip())
        if parts is None or "extra" in (parts["marker"] or ""):
            continue
        found = machine.version_of(parts["name"])
        wanted = f"{parts['name']}{parts['rule'].strip()}"
        if found is None and parts["marker"]:
            continue  # not for this machine
        checked += 1
        if found is None:
            yield fail(f"{parts['name']} is not installed", _install(wanted))
        elif not satisfies(found, parts["rule"]):
            yield fail(f"{parts['name']} {found} does not fit: {parts['rule'].strip()} is needed", _install(wanted))
    yield from _needed_by_settings(machine)
    yield from _foreign_modules()
    if checked == 0:
        yield skip("modelport runs from a folder and is not installed: nothing says which versions it needs")
    else:
        yield ok(f"modelport {__version__} with {checked} packages")


def check_clock(machine: Machine) -> Iterator[Finding]:
    """Whether this machine's clock is right, as far as the running server can tell."""
    now = machine.now_s()
    if now < _OLDEST_YEAR_S:
        yield fail("the clock is before 2025: certificates and keys look as if they came from the future", _SET_CLOCK)
        return
    told = machine.server.ask("-/healthy")
    date = None if isinstance(told, Silence) else told.headers.get("date")
    try:
        there = parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        there = None
    if there is None:
        yield ok("the year is right; there is no server to compare with")
        return
    apart = abs(now - there)
    if apart < _CLOCK_WARN_S:
        yield ok("this machine and the server agree")
        return
    report = fail if apart >= _CLOCK_FAIL_S else warn
    yield report(f"this machine and {machine.server.url} are {apart:.0f} s apart", _SET_CLOCK)


def satisfies(version: str, rule: str) -> bool:
    """Return whether a version fits a rule like `>=3.14.4,<3.15`; what follows the numbers is not compared.

    >>> satisfies("3.14.5", "<3.15,>=3.14.4"), satisfies("2.1.0rc1", ">=2.2")
    (True, False)
    """
    have = _numbers(version)
    for sign, text in _RULE.findall(rule):
        width = max(len(have), len(_numbers(text)))
        left, right = _padded(have, width), _padded(_numbers(text), width)
        fits = {
            ">=": left >= right,
            "<=": left <= right,
            "<": left < right,
            ">": left > right,
            "==": left == right,
            "!=": left != right,
            "~=": left >= right,
        }
        if not fits[sign]:
            return False
    return True


_SET_CLOCK = "sudo timedatectl set-ntp true"


def _install(wanted: str) -> str:
    return f"{sys.executable} -m pip install '{wanted}'"


def _needed_by_settings(machine: Machine) -> Iterator[Finding]:
    url = machine.settings.database.url if machine.settings else None
    if url and url.startswith("postgres") and machine.version_of("asyncpg") is None:
        yield fail(
            "database.url is PostgreSQL, and its driver asyncpg is not installed", _install("modelport[postgres]")
        )


def _foreign_modules() -> Iterator[Finding]:
    """Yield when `resolver` is another package of that name (there is one on PyPI), or aiohttp lacks its C parser."""
    ours = Path(__file__).parents[2]
    spec = importlib.util.find_spec("resolver")
    origin = Path(spec.origin) if spec and spec.origin else None
    if origin is None or origin.parents[1] != ours:
        yield fail(f"another package is called resolver: {origin}", f"{sys.executable} -m pip uninstall resolver")
    from aiohttp import http_parser  # inner import: 0.2 s that only this check needs

    if "_http_parser" not in http_parser.HttpRequestParser.__module__:
        yield warn(
            "aiohttp has no C parser here: calls cost several times the CPU", _install("--force-reinstall' 'aiohttp")
        )


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else (0,)


def _padded(numbers: tuple[int, ...], width: int) -> tuple[int, ...]:
    return numbers + (0,) * (width - len(numbers))
