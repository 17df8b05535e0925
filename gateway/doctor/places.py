"""The data directory, the secrets in it, and the room on its disk."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine
from gateway.errors import ConfigError
from gateway.settings import Settings
from gateway.vault.root_keys import load_root_keys
from gateway.vault.setup import AUDIT_FILE, KEK_FILE, PEPPER_FILE

_FOREIGN_BITS = 0o077
_FAIL_BYTES = 100 * 1024**2  # a migration copies the database
_WARN_BYTES = 1024**3
_RUN = re.compile(r"run: (.+)")
_NO_SETTINGS = "the configuration has to be mended first"


def check_data_dir(machine: Machine) -> Iterator[Finding]:
    """Whether the data directory is ours alone."""
    if machine.settings is None:
        yield skip(_NO_SETTINGS)
        return
    path = machine.settings.data_dir
    if not path.exists():
        yield skip(f"{path} is not there yet: the first start makes it", "modelport serve")
        return
    if not path.is_dir():
        yield fail(f"{path} is no directory", f"mv {_shell(path)} {_shell(path)}.old")
        return
    found = path.stat()
    mode = S_IMODE(found.st_mode)
    if found.st_uid != os.getuid() and os.getuid() != 0:
        yield fail(
            f"{path} belongs to another user (uid {found.st_uid})", f"sudo chown -R {os.getuid()} {_shell(path)}"
        )
    elif mode & _FOREIGN_BITS:
        yield warn(f"{path} is open to other users (mode {mode:04o})", f"chmod 700 {_shell(path)}")
    elif not mode & 0o200:
        yield fail(f"nothing can be written to {path} (mode {mode:04o})", f"chmod 700 {_shell(path)}")
    else:
        yield ok(f"{path} is its owner's alone")


def check_secrets(machine: Machine) -> Iterator[Finding]:
    """Whether the keys that open stored secrets and callers' keys are there, private and well-formed."""
    if machine.settings is None:
        yield skip(_NO_SETTINGS)
        return
    settings = machine.settings
    yield _secret(machine, settings, "secrets.pepper", settings.secrets.pepper, PEPPER_FILE)
    yield _secret(machine, settings, "secrets.kek", settings.secrets.kek, KEK_FILE)
    yield _secret(machine, settings, "secrets.audit", settings.secrets.audit, AUDIT_FILE)


def check_disk(machine: Machine) -> Iterator[Finding]:
    """Whether there is room for the database and the copy that a migration makes."""
    if machine.settings is None:
        yield skip(_NO_SETTINGS)
        return
    path = machine.settings.data_dir.absolute()
    there = next(one for one in (path, *path.parents) if one.exists())
    free = machine.free_bytes(there)
    shown = f"{free / 1024**3:.1f} GiB free for {machine.settings.data_dir}"
    if free >= _WARN_BYTES:
        yield ok(shown)
        return
    copies = sorted(path.glob("*.bak-*"), key=lambda one: one.stat().st_mtime) if path.is_dir() else []
    more = f"; the oldest of {len(copies)} copies of the database can go" if copies else ""
    command = f"rm {_shell(copies[0])}" if copies else f"du -xh -d 1 {_shell(there)}"
    yield (fail if free < _FAIL_BYTES else warn)(f"{shown}{more}", command)


def _secret(machine: Machine, settings: Settings, setting: str, reference: str | None, file: str) -> Finding:
    generated = settings.data_dir / file
    if reference is None and not generated.exists():
        if setting == "secrets.pepper" and (settings.data_dir / "modelport.db").exists():
            why = f"{generated} is gone, and with it every key that was made: put it back from a copy; without one, the"
            return fail(f"{why} next start makes a new one, and then: modelport keys create --local", "modelport serve")
        return skip(f"{setting}: made when it is first needed")
    try:
        keys = load_root_keys(
            reference, setting=setting, generated=generated, environment=machine.environment, create=False
        ).keys
    except ConfigError as error:
        return fail(error.message, _command(error, reference, generated))
    return ok(f"{setting}: {len(keys)} key{'' if len(keys) == 1 else 's'}, private")


def _command(error: ConfigError, reference: str | None, generated: Path) -> str:
    found = _RUN.search(error.hint or "")
    if found:
        return found[1]
    kind, _, name = (reference or "").partition(":")
    if kind == "env" and name:
        return f"export {name}=$(openssl rand -base64 32)"
    return f"ls -l {_shell(Path(name) if kind == 'file' and name else generated)}"


def _shell(path: Path) -> str:
    return shlex.quote(str(path))
