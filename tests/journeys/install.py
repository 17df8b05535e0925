"""Installs the clients and model servers that the journeys use, each in an environment of its own under `.cache/`.

    python -m tests.journeys.install            all of them; what is there already is kept
    python -m tests.journeys.install langchain  only this one

The real model server is compiled once (about eight minutes on two cores) and its wheel is kept in `.cache/wheels`.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
LLAMA = "llama-cpp-python==0.3.36"
LLAMA_FLAGS = "-DLLAVA_BUILD=OFF -DGGML_OPENMP=OFF -DLLAMA_CURL=OFF"

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "openai-lowest": ("openai[aiohttp]==2.54.0",),
    "openai-newest": ("openai[aiohttp]<4",),
    "langchain": ("langchain-openai>=1.7,<2",),
    "pydantic-ai": ("pydantic-ai-slim[openai]>=2.68,<3",),
    "huggingface": ("huggingface_hub>=2.4,<3",),
    "llama": (LLAMA.replace("==", "[server]=="), "gguf>=0.17", "numpy"),
}
"""Python environments: their versions of openai exclude each other."""
NPM_PACKAGES = ("openai@6.49", "@copilotkit/aimock@1.43")
NAMES = (*ENVIRONMENTS, "npm")


def python_of(environment: str) -> Path | None:
    """Return the interpreter of an environment, or None while it is not installed."""
    folder = CACHE / "venvs" / environment
    return folder / "bin" / "python" if (folder / _stamp(ENVIRONMENTS[environment])).exists() else None


def npm_folder() -> Path | None:
    """Return the folder that holds `node_modules`, or None while it is not installed."""
    folder = CACHE / "npm"
    return folder if (folder / _stamp(NPM_PACKAGES)).exists() else None


def install(name: str) -> None:
    """Install one environment unless it is there; others who install wait."""
    with _alone():
        if name == "npm":
            if npm_folder() is None:
                _install_npm()
        elif python_of(name) is None:
            _install_python(name)


def main() -> None:
    """Install what the arguments name, or everything."""
    for name in sys.argv[1:] or NAMES:
        sys.stdout.write(f"{name} … ")
        sys.stdout.flush()
        install(name)
        sys.stdout.write("there\n")


def _install_python(name: str) -> None:
    folder = CACHE / "venvs" / name
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    wheels = CACHE / "wheels"
    if name == "llama" and not list(wheels.glob("llama_cpp_python-*.whl")):
        # Compiled apart from the install, so that the wheel outlives its environment.
        environment = os.environ | {"CMAKE_ARGS": LLAMA_FLAGS}
        _run("nice", *_pip(), "wheel", "--quiet", "--no-deps", "-w", str(wheels), LLAMA, env=environment)
    wheels.mkdir(parents=True, exist_ok=True)
    target = ("--python", str(folder / "bin" / "python"))
    _run(*_pip(), *target, "install", "--quiet", "--find-links", str(wheels), *ENVIRONMENTS[name])
    (folder / _stamp(ENVIRONMENTS[name])).touch()


def _install_npm() -> None:
    folder = CACHE / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *NPM_PACKAGES, cwd=folder)
    (folder / _stamp(NPM_PACKAGES)).touch()


def _pip() -> tuple[str, ...]:
    """Return the pip of the interpreter that the project's environment was made from: that one has none."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return (str(base if base.exists() else "python3"), "-m", "pip")


def _stamp(packages: tuple[str, ...]) -> str:
    """Return the name of the file that says that just these packages are installed."""
    kept = "".join(character if character.isalnum() else "-" for character in " ".join(packages))
    return f".installed-{kept}"


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, env=env)


@contextmanager
def _alone() -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
