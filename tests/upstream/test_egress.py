"""The guard where it counts: on the socket. A secret server on loopback must see no connection (threats 1 to 3)."""

import asyncio
import json
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.errors import EgressDenied, GatewayError, UpstreamDisconnected
from gateway.upstream.egress import Egress, EgressPolicy, connector_of, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.upstream.conftest import post
from tests.upstream.raw_upstream import Exchange, answer, raw_upstream

VECTORS = Path(__file__).parents[1] / "vectors"
FORMS = json.loads((VECTORS / "egress_loopback.json").read_text())["rows"]


class FixedResolver(AbstractResolver):
    """Answers each look-up with the next list of addresses, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the next answer."""
        del family
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def secret(exchange: Exchange) -> None:
    """Answer requests until the connection ends."""
    while await exchange.head():
        await exchange.say(answer(b"secret", b"Set-Cookie: a=b; Path=/"))


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row["why"])
async def test_no_way_to_write_loopback_reaches_it_under_the_server_profile(row: dict[str, str]) -> None:
    """EGR-4: 15 of these reach the server through plain aiohttp."""
    async with raw_upstream(secret) as upstream:
        transport = SessionTransport(guarded_session(EgressPolicy("server"), connect_timeout_s=2))
        with pytest.raises((GatewayError, ValueError)):  # yarl refuses some by itself
            await transport.send(post(URL(row["url"].format(port=upstream.url.port)), None))
        await transport.close()
    assert upstream.connections == 0


async def test_the_developer_profile_reaches_loopback_by_name_and_number() -> None:
    """EGR-1: the default needs no setting for a model server on the same machine."""
    async with raw_upstream(secret) as upstream:
        transport = SessionTransport(guarded_session(EgressPolicy(), connect_timeout_s=2))
        for host in ("127.0.0.1", "localhost", "0x7f.1"):
            response = await transport.send(post(upstream.url.with_host(host), None))
            assert await response.read(10) == b"secret"
        await transport.close()


async def test_a_name_that_is_rebound_between_look_ups_is_judged_at_each_connect() -> None:
    """Threat 2: public when it is checked, 127.0.0.1 when it is dialled."""
    rebinding = FixedResolver(["127.0.0.1"])
    async with raw_upstream(secret) as upstream:
        session = guarded_session(EgressPolicy("server"), connect_timeout_s=0.2, resolver=rebinding)
        connector = connector_of(session)
        connector._filter._inner = FixedResolver(["8.8.8.8"], ["127.0.0.1"])
        transport = SessionTransport(session)
        first = await connector._resolve_host("rebound.example", upstream.url.port or 0)
        connector.clear_dns_cache()
        assert [found["host"] for found in first] == ["8.8.8.8"]
        with pytest.raises(EgressDenied):
            await transport.send(post(upstream.url.with_host("rebound.example"), None))
        await transport.close()
    assert upstream.connections == 0


async def test_the_socket_is_guarded_even_when_the_resolver_is_not() -> None:
    """EGR-4: the resolver's filter is for a clear early error; the socket factory is the guard."""
    async with raw_upstream(secret) as upstream:
        session = guarded_session(EgressPolicy("server"), connect_timeout_s=2)
        connector_of(session)._resolver = FixedResolver(["127.0.0.1"])
        transport = SessionTransport(session)
        with pytest.raises(EgressDenied, match="policy") as caught:
            await transport.send(post(upstream.url.with_host("sneaky.example"), None))
        await transport.close()
    assert upstream.connections == 0
    assert "127.0.0.1" in (caught.value.hint or "")


async def test_forbidden_answers_of_a_name_are_left_out_and_the_rest_is_used() -> None:
    """EGR-4: all answers are filtered, whatever their order."""
    async with raw_upstream(secret) as upstream:
        resolver = FixedResolver(["169.254.169.254", "127.0.0.1", "10.0.0.1"])
        transport = SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=2, resolver=resolver))
        response = await transport.send(post(upstream.url.with_host("mixed.example"), None))
        assert await response.read(10) == b"secret"
        await transport.close()


async def test_a_listed_host_name_may_be_private_and_its_address_alone_may_not() -> None:
    """EGR-1: allow_hosts trusts the name, not everybody who resolves to the same place."""
    async with raw_upstream(secret) as upstream:
        policy = EgressPolicy("server", (), [f"vllm.internal:{upstream.url.port}"])
        resolver = FixedResolver(["127.0.0.1"])
        transport = SessionTransport(guarded_session(policy, connect_timeout_s=2, resolver=resolver))
        response = await transport.send(post(upstream.url.with_host("vllm.internal"), None))
        assert await response.read(10) == b"secret"
        for host in ("evil.example", "127.0.0.1"):
            with pytest.raises(EgressDenied):
                await transport.send(post(upstream.url.with_host(host), None))
        await transport.close()


async def test_a_pooled_connection_and_a_stream_do_not_outlive_the_policy() -> None:
    """EGR-6: what the new policy forbids is cut, what it allows goes on."""

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.say(answer(b"ok"))
        await exchange.head()
        await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        egress = Egress(EgressPolicy("dev"))
        transport = SessionTransport(egress.session)
        await (await transport.send(post(upstream.url, None))).read(10)
        response = await transport.send(post(upstream.url, None))
        assert response.connect_ms is None
        await egress.replace_policy(EgressPolicy("server", ["127.0.0.1"]))
        chunks = response.chunks()
        assert await anext(chunks) == b"ok"
        await egress.replace_policy(EgressPolicy("server"))
        with pytest.raises(UpstreamDisconnected):
            await asyncio.wait_for(anext(chunks), 20)
        with pytest.raises(EgressDenied):
            await transport.send(post(upstream.url, None))
        assert egress.policy.profile == "server"
        await egress.close()


async def test_an_idle_connection_that_the_new_policy_forbids_is_closed() -> None:
    """EGR-6, with nothing under way."""
    async with raw_upstream(secret) as upstream:
        egress = Egress(EgressPolicy("dev"))
        transport = SessionTransport(egress.session)
        await (await transport.send(post(upstream.url, None))).read(10)
        await egress.replace_policy(EgressPolicy("server"))
        await asyncio.wait_for(upstream.ended.wait(), 20)
        with pytest.raises(EgressDenied):
            await transport.send(post(upstream.url, None))
        await egress.close()


async def test_cookies_are_neither_kept_nor_sent_with_another_callers_request() -> None:
    """PRX-17, with an upstream addressed by name: aiohttp's own jar skips addresses."""
    heads = []

    async def script(exchange: Exchange) -> None:
        while head := await exchange.head():
            heads.append(head)
            await exchange.say(answer(b"ok", b"Set-Cookie: caller=one; Path=/"))

    async with raw_upstream(script) as upstream:
        resolver = FixedResolver(["127.0.0.1"])
        transport = SessionTransport(guarded_session(EgressPolicy(), connect_timeout_s=2, resolver=resolver))
        for _ in range(2):
            await (await transport.send(post(upstream.url.with_host("models.example"), None))).read(10)
        await transport.close()
    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


async def test_proxy_variables_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """EGR-5: a proxy would connect in our place, past the guard."""
    async with raw_upstream(secret) as proxy, raw_upstream(secret) as upstream:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.url.port}")
        transport = SessionTransport(guarded_session(EgressPolicy(), connect_timeout_s=2))
        await (await transport.send(post(upstream.url, None))).read(10)
        await transport.close()
    assert (proxy.connections, upstream.connections) == (0, 1)


async def test_a_session_from_elsewhere_is_refused() -> None:
    """EGR-4: a transport cannot be built around the guard by mistake."""
    async with aiohttp.ClientSession() as session:  # noqa: TID251 - the mistake under test
        with pytest.raises(TypeError, match="egress policy"):
            SessionTransport(session)


def test_no_other_module_makes_a_session() -> None:
    """EGR-4: lint bans it by name; this finds the other spellings."""
    package = Path(__file__).parents[2] / "gateway"
    makers = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(
            word in path.read_text()
            for word in ("ClientSession(", "TCPConnector(", "aiohttp.request(", "create_connection(")
        )
    ]
    assert sorted(set(makers) - {"upstream/connector.py", "upstream/egress.py"}) == []
