"""Every row of preflight.md section 11: the situation on a real socket, and the exact words."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.preflight import existence
from gateway.registry.verdict import EndpointReport, StageView, Verdict
from gateway.vault.secret import Secret
from tests.fakes.blackhole import blackhole
from tests.preflight.conftest import Check
from tests.preflight.server import Asked, answering, chat, error, listing, said, serving

KEY = Secret("sk-canary-0123456789")
PORTS = "start it, or check the port: 11434 Ollama, 8000 vLLM, 8080 llama.cpp, 1234 LM Studio"


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """Give a server's TLS with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models.example")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "key.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second instead of three."""
    monkeypatch.setattr(existence, "ANSWER_S", 0.5)


def failed(report: EndpointReport) -> StageView:
    """Return the stage that failed; none after it was run."""
    assert report.verdict is Verdict.FAIL, report
    found = next(one for one in report.stages if one.verdict is Verdict.FAIL)
    after = report.stages[report.stages.index(found) + 1 :]
    assert {one.verdict for one in after} <= {Verdict.SKIPPED}
    return found


def words(stage: StageView) -> tuple[str, str, str, str | None]:
    """Return what a person gets to read."""
    return stage.stage, stage.code, stage.message, stage.hint


async def test_an_unknown_name(check: Check) -> None:
    """In stage a, before anything is sent."""
    assert words(failed(await check("http://nowhere.invalid:8000/v1"))) == (
        "address",
        "dns",
        "the host 'nowhere.invalid' is not known",
        "check the spelling; inside a container use the service's name, not localhost",
    )


async def test_nothing_listens(check: Check) -> None:
    """With the ports where model servers usually are."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = failed(await check(f"http://127.0.0.1:{port}/v1"))
    assert words(found) == ("existence", "refused", f"nothing listens on 127.0.0.1:{port}", PORTS)


async def test_an_address_that_the_policy_forbids(check: Check) -> None:
    """The line to add stands in the hint."""
    assert words(failed(await check("http://192.168.7.7:8000/v1"))) == (
        "address",
        "egress_denied",
        "the egress policy does not allow this upstream's address",
        (
            "192.168.7.7:8000 is a private network: not allowed by the egress policy (profile dev); "
            'to allow it, add egress.allow_networks: ["192.168.7.7/32:8000"]'
        ),
    )


async def test_an_address_that_nothing_can_allow(check: Check) -> None:
    """EGR-2."""
    found = failed(await check("http://169.254.169.254/v1"))
    assert found.code == "egress_denied"
    assert "no setting does" in (found.hint or "")


async def test_a_connect_that_hangs(check: Check, quick: None) -> None:
    """A firewall that drops."""
    del quick
    with blackhole() as port:
        found = failed(await check(f"http://127.0.0.1:{port}/v1"))
    assert words(found) == (
        "existence",
        "connect_timeout",
        f"no connection to 127.0.0.1:{port} within 0.5 s",
        "a firewall drops it, or it is the wrong host",
    )


async def test_a_server_that_takes_everything_and_says_nothing(check: Check, quick: None) -> None:
    """It is loading, overloaded, or something else."""
    del quick
    async with serving(None) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "silent",
        f"{server.place} took the request and did not answer within 0.5 s",
        "it is loading, overloaded, or no HTTP",
    )


async def test_ssh(check: Check, quick: None) -> None:
    """Its banner is not repeated."""
    del quick
    async with serving(None, banner=b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n") as server:
        report = await check(server.url)
    assert words(failed(report)) == (
        "existence",
        "banner",
        f"{server.place} speaks another protocol than HTTP",
        "check the port",
    )
    assert "OpenSSH" not in report.model_dump_json()


async def test_a_server_that_closes_at_once(check: Check) -> None:
    """The other scheme was tried, too."""

    async def close(asked: Asked, writer: asyncio.StreamWriter) -> None:
        del asked
        writer.close()

    async with serving(close) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "closed",
        f"{server.place} closes the connection without an answer",
        "check the port, and the server's own log",
    )


async def test_a_server_that_resets(check: Check) -> None:
    """RST instead of an answer."""

    async def reset(asked: Asked, writer: asyncio.StreamWriter) -> None:
        del asked
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with serving(reset) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "reset",
        f"{server.place} resets the connection",
        "a broken proxy on the way, or a server that crashes",
    )


async def test_http_to_a_port_of_tls(check: Check, certificate: ssl.SSLContext) -> None:
    """Tried as https before it is told."""
    async with serving(answering(models=listing("qwen3")), tls=certificate) as server:
        found = failed(await check(server.url.replace("https", "http")))
    assert words(found) == (
        "existence",
        "use_https",
        f"{server.place} speaks TLS, and was called with http://",
        f"use {server.url}",
    )


async def test_https_to_a_port_without_tls(check: Check) -> None:
    """The whole address to use."""
    async with serving(answering(models=listing("qwen3"))) as server:
        found = failed(await check(server.url.replace("http", "https")))
    assert words(found) == (
        "existence",
        "use_http",
        f"{server.place} answers without TLS, and was called with https://",
        f"use {server.url}",
    )


async def test_a_certificate_of_nobody(check: Check, certificate: ssl.SSLContext) -> None:
    """To switch verification off is no advice."""
    async with serving(answering(models=listing("qwen3")), tls=certificate) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "certificate",
        f"the certificate of {server.place} is not accepted: self-signed certificate",
        "give the authority's certificate with SSL_CERT_FILE=/path/to/authority.pem, or the name that it is made for",
    )


async def test_an_answer_that_breaks_off(check: Check) -> None:
    """Half of what Content-Length promised."""

    async def half(asked: Asked, writer: asyncio.StreamWriter) -> None:
        del asked
        writer.write(listing("qwen3")[:-9])
        writer.close()

    async with serving(half) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "truncated",
        f"the answer of {server.place} broke off in the middle",
        "look at the proxy on the way",
    )


async def test_a_web_page(check: Check) -> None:
    """Status 200 alone is no API."""
    async with serving(answering(models=said(200, b"<!doctype html><h1>Hello</h1>", "text/html"))) as server:
        found = failed(await check(server.url))
    assert words(found) == (
        "existence",
        "html",
        f"{server.url}/models answers with a web page, not an API",
        "give the API's address, which often ends in /v1",
    )


async def test_an_address_without_its_v1(check: Check) -> None:
    """The right one is named."""
    async with serving(answering(models=listing("qwen3"))) as server:
        bare = server.url.removesuffix("/v1")
        found = failed(await check(bare))
    assert words(found) == (
        "existence",
        "wrong_path",
        f"the API is not at {bare} but at {server.url}",
        f"use {server.url}",
    )
    assert found.did_you_mean == (server.url,)


async def test_a_redirect(check: Check) -> None:
    """Not followed; its origin is told, not its path or query."""
    async with serving(answering(models=said(301, Location="https://new.example.com/a?token=x"))) as server:
        report = await check(server.url, key=KEY)
    assert words(failed(report)) == (
        "existence",
        "moved",
        f"{server.url}/models answers with a redirect to https://new.example.com, which is not followed",
        "register that address",
    )
    assert "token" not in report.model_dump_json()


async def test_a_key_that_is_refused(check: Check) -> None:
    """401: the key is sent to ask for the list, and masked where it is repeated."""
    async with serving(answering(models=error(401, f"Incorrect key {KEY.reveal()}"))) as server:
        report = await check(server.url, key=KEY)
    assert words(failed(report)) == (
        "existence",
        "key_refused",
        f'{server.url}/models refuses the key (401): "Incorrect key ***"',
        "set the upstream's right key; it is sent as Authorization: Bearer",
    )
    assert KEY.reveal() not in report.model_dump_json()


TRIALS = {
    "401": (
        error(401, "no"), "key_refused", '{target} refuses the key (401): "no"',
        "set the upstream's right key; it is sent as Authorization: Bearer",
    ),
    "402": (
        error(402, "no money"), "no_credit", 'the upstream\'s account has no credit: "no money"',
        "look at the account's billing",
    ),
    "403": (
        error(403, "not you"), "forbidden", '{target} knows the key and forbids the call (403): "not you"',
        "ask for access to 'qwen3'",
    ),
    "404 path": (
        said(404, b"Not Found", "text/plain"), "not_found", "{target} is not there (404)",
        "check the path of base_url; it often ends in /v1",
    ),
    "404 model": (
        error(404, "The model `qwen3` does not exist", "model_not_found"), "model_absent",
        "the upstream does not know the model 'qwen3'; did you mean 'qwen3-8b'?",
        "give its own name for it: --upstream-model NAME",
    ),
    "429 quota": (
        error(429, "You exceeded your current quota", "insufficient_quota"), "no_credit",
        'the upstream\'s account has no credit: "You exceeded your current quota"', "look at the account's billing",
    ),
    "400": (
        error(400, "messages must alternate"), "rejected",
        'the upstream refuses the smallest call (400): "messages must alternate"', "does the task fit the model?",
    ),
    "500": (
        said(503, b"", "text/plain"), "server_error", "{target} answered 503", "look at that server's log",
    ),
    "no chat": (
        said(200, {"hello": 1}), "bad_answer", "{target} answered 200 with something that is no chat answer",
        "is it an OpenAI API?",
    ),
    "508": (
        said(400, b"", "text/plain").replace(b"400 Bad", b"508 Loop"), "circle",
        "calls to {target} come back to this server",
        "give the address where the model really runs; another name for a model is an alias",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIALS)
async def test_a_call_that_is_refused(check: Check, name: str) -> None:
    """The list was in order: only the trial shows it."""
    answer, code, message, hint = TRIALS[name]
    async with serving(answering(models=listing("qwen3-8b"), chat_completions=answer)) as server:
        found = failed(await check(server.url, key=KEY))
    target = f"{server.url}/chat/completions"
    assert words(found) == ("trial", code, message.format(target=target), hint)


async def test_a_key_that_is_missing(check: Check) -> None:
    """A warning at the list, a failure at the call."""
    no = error(401, "no key")
    async with serving(answering(models=no, chat_completions=no)) as server:
        report = await check(server.url)
    assert [(one.stage, one.code) for one in report.stages[1:]] == [
        ("existence", "key_missing"),
        ("trial", "key_needed"),
    ]
    target = f"{server.url}/chat/completions"
    assert failed(report).message == f"{target} asks for a key (401), and none is set"
    assert failed(report).hint == "give one with --api-key env:NAME"


async def test_a_rate_limit_is_no_failure(check: Check) -> None:
    """429 passes authentication."""
    answer = error(429, "slow down", "rate_limit_exceeded")
    async with serving(answering(models=listing("qwen3"), chat_completions=answer)) as server:
        report = await check(server.url, key=KEY)
    assert report.verdict is Verdict.WARN
    assert words(report.stages[-1]) == (
        "trial",
        "rate_limited",
        'the upstream is at its rate limit: "slow down"',
        "the key is good; calls may get 429, too",
    )


async def test_loading_is_no_failure(check: Check) -> None:
    """llama.cpp says 503 `Loading model` while it loads; it is not called then."""
    busy = error(503, "Loading model")
    health = {"models": busy, "chat_completions": busy}

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/health":
            writer.write(busy)
        else:
            await answering(**health)(asked, writer)

    async with serving(reply) as server:
        report = await check(server.url)
        calls = server.calls()
    assert report.verdict is Verdict.WARN
    assert [(one.verdict, one.code) for one in report.stages[1:]] == [
        (Verdict.WARN, "loading"),
        (Verdict.UNPROVED, "still_loading"),
    ]
    assert report.stages[1].message == "llama.cpp is there and is loading its model"
    assert calls == []


@pytest.mark.parametrize(
    "text",
    [
        "a/b",
        "ftp://x/v1",
        "http://user:pw@x/v1",
        "http://x/v1?a=b",
        "http://x/v1#a",
        "http://①②⑦.⓪.⓪.①/v1",
        "http://x:0/v1",
    ],
)
async def test_an_address_that_is_none(check: Check, text: str) -> None:
    """REG-1, in the resolver's words; a password is not repeated."""
    report = await check(text)
    assert (failed(report).stage, failed(report).code) == ("address", "invalid_url")
    assert "pw" not in report.model_dump_json()


async def test_this_server_itself(check: Check) -> None:
    """REG-5: by the path that it serves, and by the port that it listens on under any of its names."""
    for url in ("http://localhost:3000/v1", "http://127.0.0.1:3000/elsewhere", "http://[::1]:3000/v1"):
        found = failed(await check(url))
        assert (found.code, found.stage) == ("own_address", "address"), url


async def test_plain_http_over_a_public_network(check: Check) -> None:
    """REG-3: neither the call nor, if it were allowed, the key."""
    assert words(failed(await check("http://1.1.1.1/v1"))) == (
        "address",
        "insecure_http",
        "http://1.1.1.1/v1 is plain http over a public network",
        "use https://; or add egress.allow_insecure_http: true to the configuration",
    )


async def test_a_pasted_address_of_an_operation(check: Check) -> None:
    """REG-2: cut, with a notice, and everything else goes on."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        report = await check(f"{server.url}/chat/completions")
    assert report.base_url == server.url
    assert words(report.stages[0]) == (
        "address",
        "path_cut",
        "/chat/completions was cut off: a base_url ends before it",
        f"it is registered as {server.url}",
    )
    assert report.stages[-1].code == "answered"
