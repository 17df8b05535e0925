"""Which server a command speaks to, who said so, and which key goes there.

Strongest first: `--server`, `--context`, MODELPORT_URL, MODELPORT_CONTEXT, the current context, this machine. A
context's key goes to that context's server alone: with another server it stays where it is.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.contexts import Context, key_of, load
from gateway.cli.failure import UsageFailure
from gateway.cli.flags import Flags

DEFAULT_SERVER = "http://localhost:3000"


@dataclass(frozen=True, slots=True)
class Target:
    """A server's URL as it was written, where that stands, and the context that it is of."""

    server: str
    source: str
    name: str | None = None
    context: Context | None = None
    asked_for: bool = False
    """Whether --context named it: then its key goes before MODELPORT_KEY."""

    @property
    def is_named(self) -> bool:
        """Whether somebody chose this server."""
        return self.source != _NOBODY


_NOBODY = "the default"


def find_target(flags: Flags) -> Target:
    """Return the server to speak to.

    Raises:
        Failure: there is no such context, or the file of contexts cannot be read.
    """
    if flags.server:
        return Target(flags.server, "--server")
    if flags.context:
        return _of_context(flags.context, "--context", asked_for=True)
    if url := os.environ.get("MODELPORT_URL"):
        return Target(url, "MODELPORT_URL")
    if name := os.environ.get("MODELPORT_CONTEXT"):
        return _of_context(name, "MODELPORT_CONTEXT")
    contexts = load()
    if contexts.current is not None and contexts.current in contexts.contexts:
        return Target(
            contexts.contexts[contexts.current].server,
            f"context {contexts.current!r}, the current one",
            contexts.current,
            contexts.contexts[contexts.current],
        )
    return Target(DEFAULT_SERVER, _NOBODY)


def find_key(flags: Flags, target: Target) -> tuple[str | None, str]:
    """Return the key to send and where it was found; None when nobody named one.

    Raises:
        UsageFailure: it cannot be read, or is no key.
    """
    if flags.key_file is not None:
        return read_secret(flags.key_file, option="--key-file"), "--key-file"
    own = f"the key of context {target.name!r}"
    if target.asked_for and target.name and target.context and target.context.key is not None:
        return _key_of_context(target.name, target.context, own), own
    if named := check_secret(os.environ.get("MODELPORT_KEY", ""), source="MODELPORT_KEY"):
        return named, "MODELPORT_KEY"
    if target.name and target.context and target.context.key is not None:
        return _key_of_context(target.name, target.context, own), own
    return None, "nowhere"


def read_secret(path: str, *, option: str) -> str:
    """Return the secret in a file, or on stdin for `-`.

    Raises:
        UsageFailure: it cannot be read, is empty or is no single word.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageFailure(f"{option} {path}: {reason}") from error
    secret = check_secret(text, source=f"{option} {path}")
    if not secret:
        raise UsageFailure(f"{option} {path}: it is empty")
    return secret


def check_secret(text: str, *, source: str) -> str:
    """Return the secret without the blanks around it; raise UsageFailure when it cannot stand in a header."""
    secret = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]*", secret):
        raise UsageFailure(f"{source}: a key is one word of plain ASCII", hint="copy the key again")
    return secret


def _of_context(name: str, source: str, *, asked_for: bool = False) -> Target:
    context = load().get(name)
    return Target(context.server, f"context {name!r}, {source}", name, context, asked_for)


def _key_of_context(name: str, context: Context, source: str) -> str | None:
    text = key_of(name, context)
    return None if text is None else check_secret(text, source=source) or None
