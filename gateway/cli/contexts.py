"""Which servers a person works with, by name: one file in the person's own configuration folder, mode 0600.

Settled here: where the file is, what may stand in it, and where a context's key lies. A key never stands in the file:
it is a reference (`env:NAME`, `file:PATH`), or it lies in a file of its own beside it.
"""

import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure

KEY_REFERENCES = ("env:", "file:")
"""Where a person's key may be. A keyring may ask for its password at each command, so it is no place for one."""
SERVER_REFERENCES = (*KEY_REFERENCES, "keyring:")
"""Where the server reads the keys of upstreams."""

_FILE = "contexts.json"
_KEYS = "keys"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")  # stands in a file's name, and after --context
_PRIVATE = 0o077  # what others may not have


@dataclass(frozen=True, slots=True)
class Context:
    """One server as somebody knows it. `key` says where the key is, never what it is."""

    server: str
    key: str | None = None
    team: str | None = None


@dataclass(slots=True)
class Contexts:
    """The file: every context, and which one holds where nothing else is said."""

    current: str | None = None
    contexts: dict[str, Context] = field(default_factory=dict)

    def get(self, name: str) -> Context:
        """Return a context.

        Raises:
            Failure: there is none of that name; exit 3 names the nearest.
        """
        if name in self.contexts:
            return self.contexts[name]
        # Inner import: difflib, which only this sentence needs.
        from gateway.registry.names import nearest

        close = nearest(name, list(self.contexts))
        question = f"; did you mean {close[0]!r}?" if close else ""
        hint = "modelport context list" if self.contexts else "there is none yet: modelport context add NAME URL"
        raise Failure(f"context {name!r} not found{question}", exit_code=ExitCode.NOT_FOUND, hint=hint)


def folder() -> Path:
    """Return where a person's settings are (XDG base directory specification)."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification has a relative path ignored.
    return (Path(named) if named.startswith("/") else Path.home() / ".config") / "modelport"


def load() -> Contexts:
    """Return what the file says; no file is an empty one.

    Raises:
        UsageFailure: it cannot be read, or is not ours.
    """
    path = folder() / _FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Contexts()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageFailure(f"{path} cannot be read: {reason}", hint=f"move it away: mv {path} {path}.old") from error
    try:
        data = json.loads(text)
        found = {str(name): Context(**row) for name, row in data["contexts"].items()}
        contexts = Contexts(data.get("current"), found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _strange(path) from error
    if not all(isinstance(one.server, str) for one in found.values()):
        raise _strange(path)
    return contexts


def save(contexts: Contexts) -> None:
    """Write the file whole or not at all."""
    data = {"current": contexts.current, "contexts": {name: asdict(one) for name, one in contexts.contexts.items()}}
    _write(folder() / _FILE, json.dumps(data, indent=2) + "\n")


def check_name(name: str) -> None:
    """Refuse a name that cannot stand in a file's name."""
    if not _NAME.fullmatch(name):
        raise UsageFailure(
            f"{name!r} is no name for a context", hint="begin with a letter or digit; then letters, digits and . _ -"
        )


def store_key(name: str, secret: str) -> str:
    """Keep a key in a file beside, readable by its owner alone, and return the reference to it."""
    path = folder() / _KEYS / name
    _write(path, secret + "\n")
    return f"file:{path}"


def forget_key(name: str) -> None:
    """Delete the key that was kept beside, if there is one."""
    (folder() / _KEYS / name).unlink(missing_ok=True)


def keeps_key(name: str) -> bool:
    """Whether the context's key lies in a file of ours."""
    return (folder() / _KEYS / name).exists()


def key_of(name: str, context: Context) -> str | None:
    """Return the text that a context's reference leads to, None without a reference.

    Raises:
        UsageFailure: it leads nowhere, or to a file that others can read.
    """
    if context.key is None:
        return None
    kind, _, where = context.key.partition(":")
    if kind == "env":
        if not (text := os.environ.get(where)):
            raise UsageFailure(
                f"context {name!r} has its key in the variable {where}, which is not set",
                hint=f"export {where}=mp_…, or name a file with --token-file",
            )
        return text
    path = Path(where).expanduser()
    try:
        if path.stat().st_mode & _PRIVATE:
            raise UsageFailure(f"others can read {path}, the key of context {name!r}", hint=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageFailure(
            f"{path}, the key of context {name!r}, cannot be read: {reason}",
            hint=f"modelport context add {name} {context.server} --token-file PATH --yes",
        ) from error


def _strange(path: Path) -> UsageFailure:
    return UsageFailure(f"{path} is not as `modelport context` writes it", hint=f"move it away: mv {path} {path}.old")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageFailure(
            f"{path} cannot be written: {error.strerror}", hint="XDG_CONFIG_HOME names another folder"
        ) from error
