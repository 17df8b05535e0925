"""Fixtures: a person in an empty folder, and a server that one of them started."""

from tests.cli.conftest import admin, api, server, shell

__all__ = ["admin", "api", "server", "shell"]
