"""The configuration: every fault with its place, as a start would tell it."""

import shlex
from collections.abc import Iterator
from stat import S_IMODE

from gateway.configuration.finding import Finding as Fault
from gateway.declared.reading import examine_declared
from gateway.doctor.finding import Finding, fail, ok, warn
from gateway.doctor.machine import Machine

_FOREIGN_BITS = 0o077


def check_config(machine: Machine) -> Iterator[Finding]:
    """Whether file, variables and flags can be used."""
    if machine.reading is None:
        yield fail(machine.unreadable or "the configuration file cannot be read", _look(machine))
        return
    faults = [*machine.reading.findings, *examine_declared(machine.reading.declared, machine.reading.document)[1]]
    for fault in faults:
        message = f"{fault.told}; {fault.hint}" if fault.hint else fault.told
        yield fail(message, _mend(fault, machine))
    if faults:
        return
    origins = list(machine.reading.origins.values())
    counts = {source: sum(one.source == source for one in origins) for source in ("file", "variable")}
    declared = sum(len(section) for section in machine.reading.declared.values() if hasattr(section, "__len__"))
    variables = f"{counts['variable']} settings from variables"
    if machine.file is None:
        yield ok(f"no file; {variables}, the others as usual")
    else:
        yield ok(f"{machine.file}: {counts['file']} settings, {declared} objects; {variables}")
    yield from _open_password(machine)


def _open_password(machine: Machine) -> Iterator[Finding]:
    """Yield when the file holds the database's password and others may read it."""
    settings = machine.settings
    if machine.file is None or settings is None or "@" not in (settings.database.url or ""):
        return
    mode = S_IMODE(machine.file.stat().st_mode)
    if machine.reading and machine.reading.origins["database.url"].source == "file" and mode & _FOREIGN_BITS:
        shown = shlex.quote(str(machine.file))
        yield warn(f"{machine.file} holds a password and is open to others (mode {mode:04o})", f"chmod 600 {shown}")


def _mend(fault: Fault, machine: Machine) -> str:
    """Return the command that leads to the place of the fault."""
    path, _, line = fault.where.rpartition(":")
    if machine.file is not None and path == str(machine.file) and line.isdigit():
        return f"${{EDITOR:-vi}} +{line} {shlex.quote(path)}"
    if fault.where.upper().startswith("MODELPORT_"):
        return f"unset {fault.where}"
    return _look(machine)


def _look(machine: Machine) -> str:
    if machine.file is None:
        return "env | grep MODELPORT_"
    if not machine.file.exists():
        return f"modelport init {shlex.quote(str(machine.file))}"
    return f"ls -l {shlex.quote(str(machine.file))}"
