"""Whether the server could listen where it is told to, and who does if it could not."""

import errno
import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, fail, ok, skip
from gateway.doctor.machine import Machine

_TRIED_PORTS = 50
_ASK_S = 2.0
_LISTENING = "0A"  # /proc/net/tcp's state


def check_port(machine: Machine) -> Iterator[Finding]:
    """Try to take the port for a moment; nobody is disturbed."""
    if machine.settings is None:
        yield skip("the configuration has to be mended first")
        return
    host, port = machine.settings.server.host, machine.settings.server.port
    if port == 0:
        yield ok("a free port is taken at the start")
        return
    number = _bind(host, port)
    if number == 0:
        yield ok(f"port {port} on {host} is free")
    elif number == errno.EADDRINUSE and _is_modelport(host, port):
        yield ok(f"modelport itself listens on {host}:{port}")
    elif number == errno.EADDRINUSE:
        owner = owner_of(port)
        free = next((one for one in range(port + 1, port + _TRIED_PORTS) if _bind(host, one) == 0), 0)
        yield fail(f"port {port} is taken by {owner or 'another program'}", f"modelport serve --port {free}")
    elif number == errno.EACCES:
        yield fail(f"port {port} is for the administrator alone", "modelport serve --port 3000")
    else:
        yield fail(f"{host} is no address of this machine: {os.strerror(number)}", "modelport serve --host 127.0.0.1")


def owner_of(port: int) -> str | None:
    """Return name and process id of who listens on the port; None where the system does not tell."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (process {folder.name})"
        except OSError:  # another user's, or gone meanwhile
            continue
    return None


def _bind(host: str, port: int) -> int:
    """Return 0 when the port can be taken, else why not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen()  # Linux says only now that another one listens with SO_REUSEADDR
    except OSError as error:  # socket.gaierror is one
        return errno.EADDRNOTAVAIL if isinstance(error, socket.gaierror) else error.errno or errno.EADDRNOTAVAIL
    return 0


def _is_modelport(host: str, port: int) -> bool:
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    connection = http.client.HTTPConnection(asked, port, timeout=_ASK_S)
    try:
        connection.request("GET", "/-/healthy", headers={"Host": "localhost"})
        return connection.getresponse().getheader("Server") == "modelport"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listening(table: Path, port: int) -> Iterator[str]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]
