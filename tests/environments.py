"""Python environments that tests make besides their own, kept where every checkout of this user finds them again.

The folder is `$XDG_CACHE_HOME/modelport-tests` (or `~/.cache/modelport-tests`). What it holds may always be deleted.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "modelport-tests"
WHEELS = CACHE / "wheels"
"""Wheels that took long to compile."""


def python_in(folder: Path, packages: tuple[str, ...]) -> Path | None:
    """Return the interpreter of the environment if it holds just these packages, else None."""
    return folder / "bin" / "python" if (folder / stamp(packages)).exists() else None


def make(folder: Path, packages: tuple[str, ...], *, environment: dict[str, str] | None = None) -> Path:
    """Make the environment anew and return its interpreter.

    Raises:
        subprocess.CalledProcessError: the registry is out of reach, or a package does not install.
    """
    shutil.rmtree(folder, ignore_errors=True)
    WHEELS.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "venv", "--without-pip", str(folder), environment=environment)
    python = folder / "bin" / "python"
    run(
        *(*pip(), "--python", str(python), "install", "--quiet", "--find-links", str(WHEELS), *packages),
        environment=environment,
    )
    (folder / stamp(packages)).touch()
    return python


def pip() -> tuple[str, ...]:
    """Return the pip of the interpreter that the project's environment was made from: that one has none."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return (str(base if base.exists() else "python3"), "-m", "pip")


def stamp(packages: tuple[str, ...]) -> str:
    """Return the name of the file that says that just these packages are installed."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in " ".join(packages))
    return f".installed-{kept[:200]}"


def run(*command: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run an installer; what it says on stderr is kept for the error."""
    subprocess.run(command, check=True, cwd=cwd, env=environment, stderr=subprocess.PIPE, text=True)


@contextmanager
def alone() -> Iterator[None]:
    """Let nobody else install meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
