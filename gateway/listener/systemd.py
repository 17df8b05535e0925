"""What systemd hands to a service, and what it wants to hear: a listening socket, READY=1, STOPPING=1.

The protocols of sd_listen_fds(3) and sd_notify(3): a few lines each, so no library is needed. Other supervisors speak
them too. Used by `serve`; without the variables nothing happens.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from gateway.errors import ConfigError

_FIRST_FD = 3  # SD_LISTEN_FDS_START


def inherited_socket(environment: Mapping[str, str], *, first_fd: int = _FIRST_FD) -> socket.socket | None:
    """Return the listening socket that the service manager opened for this process, or None.

    Raises:
        ConfigError: it opened several, or one that is no listening TCP socket.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return None  # somebody else's: variables are inherited, the sockets are not meant for us
    count = environment.get("LISTEN_FDS", "")
    if count in {"", "0"}:
        return None
    if count != "1":
        raise ConfigError(
            f"the service manager passed {count} sockets, and one is served",
            hint="keep a single ListenStream= in the socket unit; several addresses belong to a proxy in front",
        )
    try:
        sock = socket.socket(fileno=first_fd)
    except OSError as error:
        raise ConfigError(
            f"LISTEN_FDS is 1, but descriptor {first_fd} is no socket: {error.strerror}",
            hint="start it by a socket unit, or unset LISTEN_FDS",
        ) from error
    sock.set_inheritable(False)
    if sock.family not in {socket.AF_INET, socket.AF_INET6} or not _listens(sock):
        sock.detach()
        raise ConfigError(
            "the socket that the service manager passed is no listening TCP socket",
            hint="write ListenStream=127.0.0.1:3000 in the socket unit",
        )
    return sock


def notify(environment: Mapping[str, str], state: str) -> None:
    """Tell the service manager a state such as READY=1; a manager that does not listen is no failure of ours."""
    path = environment.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), socket.MSG_DONTWAIT, address)


def _listens(sock: socket.socket) -> bool:
    with suppress(OSError):
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False
