"""Installs the clients and model servers that the journeys use, each in an environment of its own.

    python -m tests.journeys.install            all of them; what is there already is kept
    python -m tests.journeys.install langchain  only this one

The real model server is compiled once (about eight minutes on two cores) and its wheel is kept.
"""

import os
import shutil
import sys
from pathlib import Path

from tests import environments
from tests.environments import CACHE, WHEELS, alone, run, stamp

LLAMA = "llama-cpp-python==0.3.36"
LLAMA_FLAGS = "-DLLAVA_BUILD=OFF -DGGML_OPENMP=OFF -DLLAMA_CURL=OFF"

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "openai-lowest": ("openai[aiohttp]==2.54.0",),
    "openai-newest": ("openai[aiohttp]<4",),
    "langchain": ("langchain-openai>=1.7,<2",),
    "pydantic-ai": ("pydantic-ai-slim[openai]>=2.68,<3",),
    "llama-index": ("llama-index-llms-openai-like>=0.8,<1",),
    "instructor": ("instructor>=1.17,<2",),
    "huggingface": ("huggingface_hub>=2.4,<3",),
    "llama": (LLAMA.replace("==", "[server]=="), "gguf>=0.17", "numpy"),
}
"""Python environments: their versions of openai exclude each other."""
NPM_PACKAGES = ("openai@6.49", "@copilotkit/aimock@1.43")
NAMES = (*ENVIRONMENTS, "npm")


def python_of(environment: str) -> Path | None:
    """Return the interpreter of an environment, or None while it is not installed."""
    return environments.python_in(CACHE / "venvs" / environment, ENVIRONMENTS[environment])


def npm_folder() -> Path | None:
    """Return the folder that holds `node_modules`, or None while it is not installed."""
    folder = CACHE / "npm"
    return folder if (folder / stamp(NPM_PACKAGES)).exists() else None


def install(name: str) -> None:
    """Install one environment unless it is there; others who install wait."""
    with alone():
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
    if name == "llama" and not list(WHEELS.glob("llama_cpp_python-*.whl")):
        # Compiled apart from the install, so that the wheel outlives its environment.
        flags = os.environ | {"CMAKE_ARGS": LLAMA_FLAGS}
        run(
            *("nice", *environments.pip(), "wheel", "--quiet", "--no-deps", "-w", str(WHEELS), LLAMA), environment=flags
        )
    environments.make(CACHE / "venvs" / name, ENVIRONMENTS[name])


def _install_npm() -> None:
    folder = CACHE / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *NPM_PACKAGES, cwd=folder)
    (folder / stamp(NPM_PACKAGES)).touch()


if __name__ == "__main__":
    main()
