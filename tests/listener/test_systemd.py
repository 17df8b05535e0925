"""What a service manager hands over and hears, by the protocols of sd_listen_fds(3) and sd_notify(3)."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.listener.systemd import inherited_socket, notify

OURS = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Give a socket as a socket unit opens it."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def test_the_socket_is_taken_over_as_it_is(listening: socket.socket) -> None:
    """Address and descriptor; children of ours do not get it."""
    taken = inherited_socket(OURS, first_fd=listening.fileno())
    assert taken is not None
    assert taken.getsockname() == listening.getsockname()
    assert not taken.get_inheritable()
    taken.detach()


@pytest.mark.parametrize(
    "environment", [{}, {"LISTEN_FDS": "1"}, {**OURS, "LISTEN_PID": "1"}, {**OURS, "LISTEN_FDS": "0"}]
)
def test_without_variables_for_this_process_there_is_none(
    environment: dict[str, str], listening: socket.socket
) -> None:
    """Variables are inherited by children of a service, whom the sockets are not meant for."""
    assert inherited_socket(environment, first_fd=listening.fileno()) is None


def test_several_sockets_are_refused(listening: socket.socket) -> None:
    """Rather than serving one of them silently."""
    with pytest.raises(ConfigError, match="passed 2 sockets"):
        inherited_socket({**OURS, "LISTEN_FDS": "2"}, first_fd=listening.fileno())


def test_what_does_not_listen_on_tcp_is_refused(tmp_path: Path) -> None:
    """A datagram socket, one that nobody listens on, one of another family; a file is no socket at all."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        socket.socket() as silent,
        socket.socket(socket.AF_UNIX) as local,
        (tmp_path / "file").open("wb") as file,
    ):
        local.bind(str(tmp_path / "unix"))
        local.listen()
        for sock in (datagram, silent, local):
            with pytest.raises(ConfigError, match="no listening TCP socket"):
                inherited_socket(OURS, first_fd=sock.fileno())
        with pytest.raises(ConfigError, match="is no socket"):
            inherited_socket(OURS, first_fd=file.fileno())


def test_a_state_is_told(tmp_path: Path) -> None:
    """One datagram, to a path or to an abstract name."""
    abstract = f"@modelport-test-{os.getpid()}"
    for name, address in ((str(tmp_path / "notify"), str(tmp_path / "notify")), (abstract, f"\0{abstract[1:]}")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            notify({"NOTIFY_SOCKET": name}, "READY=1")
            assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("name", ["", "relative", "/nobody/listens/here"])
def test_a_manager_that_does_not_listen_is_no_failure(name: str) -> None:
    """Nor is none at all."""
    notify({"NOTIFY_SOCKET": name}, "READY=1")
    notify({}, "READY=1")
