"""The wheel of this tree, and two environments that hold it: with the oldest and with the newest allowed packages."""

import hashlib
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from tests import environments

Kind = Literal["oldest", "newest"]
ROOT = environments.ROOT
UV = str(Path(sys.executable).with_name("uv"))
TEST_TOOLS = ("pytest", "pytest-aiohttp", "hypothesis", "jsonschema")


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    environments.run(*environments.pip(), "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="package", params=["oldest", "newest"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Give which of the allowed packages this run is about."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="package")
def python(kind: Kind, wheel: Path) -> Path:
    """Give the interpreter of the environment; it is kept for a week, unless pyproject.toml changes."""
    words = (ROOT / "pyproject.toml").read_bytes() + date.today().strftime("%G-%V").encode()  # noqa: DTZ011 - any zone does
    stamp = (kind, hashlib.sha256(words).hexdigest()[:16])
    folder = environments.CACHE / "venvs" / f"release-{kind}-{sys.version_info.major}.{sys.version_info.minor}"
    with environments.alone():
        python = environments.python_in(folder, stamp) or _make(folder, stamp, kind, wheel)
        held = folder / ".wheel"
        built = hashlib.sha256(wheel.read_bytes()).hexdigest()  # the same tree gives the same bytes
        if not held.exists() or held.read_text() != built:
            environments.run(
                UV, "pip", "install", "-q", "--python", str(python), "--no-deps", "--reinstall", str(wheel)
            )
            held.write_text(built)
    return python


def _make(folder: Path, stamp: tuple[str, str], kind: Kind, wheel: Path) -> Path:
    """Install the product as its users do, then what the tests need, and note that all is there."""
    python = folder / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(python))
    if kind == "newest":
        environments.make(folder, (str(wheel),))
    else:  # pip has no such resolution
        shutil.rmtree(folder, ignore_errors=True)
        environments.run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        bounds = ("-r", str(ROOT / "pyproject.toml"), "--extra", "postgres")
        environments.run(*install, "--resolution", "lowest-direct", *bounds)
    environments.run(*install, f"{wheel}[postgres]", *TEST_TOOLS)
    (folder / environments.stamp(stamp)).touch()
    return python
