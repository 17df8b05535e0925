"""A running modelport with its echo model, as a new user would start it."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.warm.client import Command, start

_READY_S = 60.0
_ADDRESS = re.compile(r"https?://\S+/(?=\s)")
_KEY = re.compile(r"mp_live_\S{61,}")


@dataclass(frozen=True, slots=True)
class Server:
    """Its address as it printed it, the first key if this start made it, and where its data are."""

    url: str
    key: str
    data_dir: Path


@contextmanager
def running_server(folder: Path, *flags: str, variables: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a server in the folder, with these variables besides the present ones, and stop it afterwards."""
    data_dir = folder / "data"
    words = ("serve", "--port", "0", "--demo", "--data-dir", str(data_dir), *flags)
    environment = os.environ | dict(variables or {})
    said = folder / "said"
    with said.open("wb") as out, (folder / "log").open("wb") as log, Path(os.devnull).open("rb") as nothing:
        process = start(*words, folder=folder, environment=environment, files=(nothing, out, log))
    try:
        text = _greeting(process, said, folder / "log")
        key = _KEY.search(text)
        yield Server(_first(_ADDRESS, text), key[0] if key else "", data_dir)
    finally:
        process.terminate()
        process.wait(_READY_S)


def _greeting(process: Command, said: Path, log: Path) -> str:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        text = said.read_text()
        if "curl" in text:  # its last line
            return text
        time.sleep(0.05)  # a process's output cannot be awaited otherwise from a synchronous fixture
    raise AssertionError(f"no greeting; log:\n{log.read_text()}")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found, text
    return found[0]
