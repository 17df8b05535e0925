"""The first lines that a person reads."""

from pathlib import Path
from typing import Any

import pytest

from gateway.configuration.loading import load
from gateway.greeting import greeting
from gateway.settings import shown_host
from gateway.vault.secret import Secret

ADDRESS = "http://localhost:3000/"


def _lines(*, key: str = "mp_live_x", **flags: Any) -> list[str]:
    settings = load(flags={"data_dir": Path("d"), **flags}, environment={}).settings
    return greeting(settings, ADDRESS, 40123, Secret(key) if key else None)


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"demo": True},
        {"role": "gateway"},
        {"server": {"host": "0.0.0.0"}},
        {"demo": True, "server": {"public_origin": "https://a.example"}},
    ],
    ids=str,
)
def test_eight_lines_are_enough(flags: dict[str, Any]) -> None:
    """UX-15: and the first one says where it is."""
    lines = _lines(**flags)
    assert len(lines) <= 8
    assert lines[0].endswith(ADDRESS)
    assert sum("mp_live_x" in line for line in lines) == 1


def test_a_key_is_in_the_line_to_paste_where_one_is_needed() -> None:
    """By its variable: the line is pasted again and again, the key is shown once."""
    assert "Authorization" not in _lines(demo=True)[-1]
    for server in ({"host": "0.0.0.0"}, {"open_to_localhost": False}):
        assert '-H "Authorization: Bearer $MODELPORT_KEY"' in _lines(demo=True, server=server)[-1]


def test_a_gateway_names_nothing_that_it_has_not() -> None:
    """No management, so no API, no page, no hint to add a model there."""
    assert "api/" not in "".join(_lines(role="gateway"))
    assert "models add" not in "".join(_lines(role="gateway"))


def test_behind_a_proxy_both_addresses_are_said() -> None:
    """The public one does not tell the port, and with `--port 0` nothing else does."""
    lines = _lines(server={"public_origin": "https://models.example.com", "port": 0, "mount": "/ai/"})
    assert lines[1] == "  listens at http://localhost:40123/ai/"
    assert "40123" not in "".join(_lines())


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "localhost"), ("127.0.0.2", "127.0.0.2"), ("::1", "[::1]")])
def test_an_address_is_one_that_can_be_called(host: str, shown: str) -> None:
    """`localhost` may mean another loopback address than the one that is listened on."""
    assert shown_host(host) == shown


def test_every_address_is_shown_as_this_machines_name() -> None:
    """0.0.0.0 is no address to call, and as a Host it is refused."""
    assert shown_host("0.0.0.0") == shown_host("::") not in {"0.0.0.0", "::", ""}
