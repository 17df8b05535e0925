"""The first start makes one key and shows it once; later starts show none; nobody starts where nobody could get in."""

import asyncio
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from tests.app.caller import Caller
from tests.app.conftest import Start
from tests.cli.program import Shell
from tests.cli.server import running_server
from tests.conformance.modelport import HOST_NAME, KEY, running_modelport
from tests.programs import require

ELSEWHERE = {"server": {"host": "0.0.0.0"}}


async def test_the_first_key_is_shown_once_and_opens_everything(tmp_path: Path, caller: Caller) -> None:
    """The second start shows none, and the first one's key still works."""
    with running_modelport(tmp_path) as first:
        shown = KEY.findall(first.log.read_text())
        admin = caller.at(f"{first.origin}/").having(Host=HOST_NAME).keyed(first.admin_key)
        assert len(shown) == 1
        assert (await admin.show("api/v1/me"))["role"] == "admin"
        assert (await admin.show("api/v1/me"))["team"] is None
    with running_modelport(tmp_path, admin_key=first.admin_key) as second:
        assert KEY.findall(second.log.read_text()) == []
        assert (await admin.at(f"{second.origin}/").show("api/v1/me"))["role"] == "admin"


def test_what_the_first_start_makes_is_private(tmp_path: Path) -> None:
    """Hashes, pepper and key-encryption key are for the owner alone."""
    with running_modelport(tmp_path) as server:
        asyncio.run(server.management.post("/models", _model(api_key="sk-secret")))
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    assert {"modelport.db", "pepper", "key-encryption-key"} <= made.keys()
    assert {name for name, mode in made.items() if mode & 0o077} == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])
def test_the_line_to_paste_works_whatever_the_address(tmp_path: Path, host: str) -> None:
    """With the key that was printed in MODELPORT_KEY, as the line says where one is needed."""
    require("curl")
    with running_server(tmp_path, "--host", host) as server:
        *_, paste = (tmp_path / "said").read_text().splitlines()
        here = "127.0.0.1" if host == "0.0.0.0" else host  # this machine's name need not lead to this machine
        paste = paste.replace("curl ", f"curl -s --connect-to ::{here}: ", 1)
        shell = Shell(tmp_path, {}).having(MODELPORT_KEY=server.key)
        assert shell.execute("bash", "-c", paste).out.endswith("data: [DONE]\n\n")
        keyless = Shell(tmp_path, {}).execute("bash", "-c", paste)
        assert ("invalid_api_key" in keyless.out) is (host == "0.0.0.0")


async def test_two_processes_that_start_at_once_make_one_key(start: Start, tmp_path: Path) -> None:
    """On one database; the second one waits for the first."""
    async with start(data_dir=tmp_path / "shared") as one, start(data_dir=tmp_path / "shared") as two:
        assert one.key != ""
        assert two.key == ""
        assert (await two.admin.keyed(one.key).show("api/v1/me"))["role"] == "admin"


async def test_a_first_start_that_fails_leaves_the_key_to_the_next_one(start: Start) -> None:
    """Else a taken port would cost the only key, which is shown by the start that made it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        server = {"port": taken.getsockname()[1]}
        with pytest.raises(ConfigError, match="cannot listen"):
            await start(server=server).__aenter__()
    async with start() as product:
        assert (await product.admin.show("api/v1/me"))["role"] == "admin"


async def test_the_demo_starts_under_every_egress_profile(start: Start) -> None:
    """Its own model server is on loopback, which the profile `server` does not reach otherwise."""
    async with start(demo=True, egress={"profile": "server"}) as product:
        assert (await product.admin.chat("echo", "good morning")).status == 200
        other = {"name": "other", "endpoints": [{"base_url": "http://127.0.0.1:9/v1"}]}
        assert (await product.admin.post("api/v1/models", other)).code == "egress_denied"


async def test_bound_elsewhere_the_first_start_makes_a_key_and_takes_nobody_without_one(start: Start) -> None:
    """There is no moment in which it answers to everybody."""
    async with start(**ELSEWHERE) as product:
        assert product.key != ""
        assert (await product.anonymous.get("v1/models")).status == 401
        assert (await product.admin.get("v1/models")).status == 200


@pytest.mark.parametrize("last", ["revoke", "delete", "lost pepper"])
async def test_bound_elsewhere_without_a_usable_key_it_does_not_start(start: Start, last: str, tmp_path: Path) -> None:
    """Nobody could call it, which is a mistake to be told: one sentence, and how to make a key."""
    async with start() as product:
        (key,) = (await product.admin.show("api/v1/keys"))["items"]
        if last == "lost pepper":
            (tmp_path / "data" / "pepper").unlink()
        elif last == "revoke":
            assert (await product.admin.call("POST", f"api/v1/keys/{key['id']}/revoke")).status == 200
        else:
            assert (await product.admin.call("DELETE", f"api/v1/keys/{key['id']}")).status == 204
    if last == "delete":  # no key at all: the start makes one
        async with start(**ELSEWHERE) as again:
            assert again.key != ""
        return
    with pytest.raises(ConfigError, match="no key") as refused:
        async with start(**ELSEWHERE):
            pass
    assert refused.value.hint is not None
    assert "modelport keys create --local" in refused.value.hint
    async with start():  # loopback: a new key can be made here, and models be called without one
        pass


def _model(**endpoint: Any) -> dict[str, Any]:
    return {"name": "qwen3", "endpoints": [{"base_url": "http://127.0.0.1:9/v1", **endpoint}]}
