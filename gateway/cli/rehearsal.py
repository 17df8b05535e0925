"""`--dry-run`: what would be sent, shown instead. Secrets in it are masked."""

from dataclasses import dataclass
from typing import Any

from gateway.cli.contexts import SERVER_REFERENCES
from gateway.cli.output import JsonObject, Output, show_data, write_lines
from gateway.cli.talk import say

_SECRETS = frozenset({"api_key"})
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Request:
    """One change that was not asked for."""

    method: str
    url: str
    body: JsonObject | None

    def as_data(self) -> JsonObject:
        """Return it for JSON."""
        return {"method": self.method, "url": self.url, "body": _masked(self.body)}


class Rehearsed(Exception):
    """The command came to its first change, which a dry run does not make: no error, but its end."""

    def __init__(self, *requests: Request) -> None:
        super().__init__(*requests)
        self.requests = requests


def show(rehearsed: Rehearsed, output: Output) -> None:
    """Write what would be sent to stdout."""
    rows = [one.as_data() for one in rehearsed.requests]
    if output.is_data:
        show_data({"dry_run": True, "requests": rows}, output)
    else:
        for row in rows:
            write_lines([f"{row['method']} {row['url']}"])
            if row["body"]:
                show_data(row["body"], Output.JSON)
    say("Dry run: nothing was sent, so the server has not judged it.")


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _MASK if _is_secret(name, one) else _masked(one) for name, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _is_secret(name: str, value: Any) -> bool:
    return name in _SECRETS and isinstance(value, str) and not value.startswith(SERVER_REFERENCES)
