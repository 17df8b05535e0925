"""What the checks look at: this process, the configuration, and a way to ask the running server."""

import importlib.metadata
import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from gateway.configuration.loading import Reading
from gateway.settings import Settings


class Told(Struct, frozen=True):
    """A server's answer. `data` is its JSON, None where it is none; header names are in lower case."""

    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_modelport(self) -> bool:
        """Whether modelport answered; a proxy in front may have put its own name there."""
        return self.headers.get("server") == "modelport" or "x-request-id" in self.headers


class Silence(Struct, frozen=True):
    """No answer, and why."""

    why: str
    hint: str | None = None


class Server(Protocol):
    """The running server as this caller reaches it."""

    @property
    def url(self) -> str:
        """As it was named, or as the settings imply."""

    @property
    def named(self) -> bool:
        """Whether somebody named it."""

    @property
    def has_key(self) -> bool:
        """Whether the caller has a key."""

    def ask(self, path: str) -> Told | Silence:
        """Return what it answers to a GET below its mount; the key goes to the management API only."""

    def try_call(self, model: str, task: str) -> str | None:
        """Send a call of a few tokens and return what went wrong, None when nothing did."""


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, None where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires("modelport") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Everything that a check may look at; the later fields are this machine's own unless a test says otherwise."""

    file: Path | None
    """The configuration file, if there is one."""
    reading: Reading | None
    """None where the file could not be read at all."""
    unreadable: str | None = None
    """Why it could not."""
    environment: Mapping[str, str]
    server: Server
    live: bool = False
    python: tuple[int, ...] = sys.version_info[:3]
    implementation: str = field(default_factory=platform.python_implementation)
    requirements: list[str] = field(default_factory=_requirements)
    version_of: Callable[[str], str | None] = installed_version
    free_bytes: Callable[[Path], int] = _free_bytes
    now_s: Callable[[], float] = time.time

    @property
    def settings(self) -> Settings | None:
        """The settings, None while they are wrong."""
        return self.reading.settings if self.reading else None
