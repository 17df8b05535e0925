"""What is shipped: everything that runs, nothing that is fetched later, locks that match (security.md SUP-2, SUP-4)."""

import importlib.metadata
import re
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests import environments

ROOT = environments.ROOT
LIMIT_BYTES = 5_000_000
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    environments.run(*environments.pip(), "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_tree_and_stays_small(wheel: Path) -> None:
    """Wheel equals source tree: every module and static file, no `.pth`, below 5 MB (UX-20)."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith(("gateway/", "resolver/"))}
        assert not [name for name in archive.namelist() if name.endswith(".pth")]
    tree = {
        str(path.relative_to(ROOT))
        for package in ("gateway", "resolver")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == tree
    assert wheel.stat().st_size < LIMIT_BYTES


def test_the_installed_environment_has_no_start_up_hook_that_nobody_asked_for() -> None:
    """A `.pth` file runs at every start of Python: that is how a stolen release spread (SUP-4)."""
    site = Path(sysconfig.get_paths()["purelib"])
    expected = re.compile(r"_editable_impl_modelport\.pth|_virtualenv\.pth|distutils-precedence\.pth|a1_coverage\.pth")
    assert [path.name for path in site.glob("*.pth") if not expected.fullmatch(path.name)] == []


def test_every_dependency_is_locked_with_hashes() -> None:
    """What pyproject.toml names stands in the lock, and nothing stands there without a hash (SUP-2)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    locked = {_canonical(name) for name, _ in PIN.findall(lock)}
    wanted = {_canonical(re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0]) for line in project["dependencies"]}
    assert wanted <= locked
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[A-Za-z])", lock.strip()))


def test_both_locks_agree() -> None:
    """Tests run on what is shipped."""
    runtime = dict(PIN.findall((ROOT / "requirements.lock").read_text()))
    development = dict(PIN.findall((ROOT / "requirements-dev.lock").read_text()))
    assert {name: development.get(name) for name in runtime} == runtime


def test_the_version_stands_once() -> None:
    """The installed metadata come from gateway/__init__.py."""
    from gateway import __version__

    assert importlib.metadata.version("modelport") == __version__


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
