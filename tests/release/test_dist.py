"""`make dist`: the bill of materials, and what is said about the version."""

import re
import subprocess
from pathlib import Path

from gateway import __version__
from tests.environments import ROOT
from tests.release.sbom import bill

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


def test_the_bill_names_what_is_locked(wheel: Path) -> None:
    """Every package with its version, a licence, and who needs whom; nothing else, nothing of this machine."""
    made = bill(wheel)
    locked = dict(PIN.findall((ROOT / "requirements.lock").read_text()))
    own, parts = made["metadata"]["component"], made["components"]
    assert (made["bomFormat"], own["name"], own["version"]) == ("CycloneDX", "modelport", __version__)
    named = {_canonical(part["name"]): part["version"] for part in parts}
    assert named.items() <= locked.items()
    assert locked.keys() - named.keys() <= {"colorama", "httpx2-jsfetch", "tzdata"}  # of other systems
    assert [part["name"] for part in parts if not part.get("licenses")] == []
    (needs,) = [one["dependsOn"] for one in made["dependencies"] if one["ref"] == own["bom-ref"]]
    assert any(one.startswith("aiohttp==") for one in needs)
    assert str(ROOT) not in str(made)


def test_the_changelog_speaks_of_this_version_first() -> None:
    """Keep a Changelog: a section per release with its date, newest first, or what is not released yet."""
    sections = _SECTION.findall((ROOT / "CHANGELOG.md").read_text())
    assert sections[0].startswith(f"[{__version__}] - ")
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", one) for one in sections[1:])
    assert re.fullmatch(r"\[[\d.]+\] - (unreleased|\d{4}-\d{2}-\d{2})", sections[0])


def test_make_makes_what_is_said() -> None:
    """`make dist` builds wheel and source archive, then the bill."""
    dry = subprocess.run(["make", "-n", "dist"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "uv build" in dry
    assert "tests.release.sbom dist/modelport.cdx.json" in dry


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
