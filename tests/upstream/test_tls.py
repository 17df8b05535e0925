"""Certificates are verified by default; a CA file adds an authority; refusals name no address."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from gateway.errors import ConfigError, ConnectFailed
from gateway.upstream.egress import EgressPolicy, guarded_session, trust
from gateway.upstream.session_transport import SessionTransport
from tests.upstream.conftest import post
from tests.upstream.test_egress import FixedResolver


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of an authority, and what a server at models.example and 127.0.0.1 shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models.example")])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("models.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file, key_file = folder / "ca.pem", folder / "key.pem"
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key_file)
    return ca_file, context


async def _call(url: URL, ssl_context: ssl.SSLContext | None) -> tuple[bytes, float | None]:
    session = guarded_session(
        EgressPolicy(), connect_timeout_s=2, ssl_context=ssl_context, resolver=FixedResolver(["127.0.0.1"])
    )
    transport = SessionTransport(session)
    try:
        response = await transport.send(post(url, None))
        return await response.read(100_000_000), response.connect_ms
    finally:
        await transport.close()


async def test_an_authority_is_trusted_only_when_its_file_is_given(tmp_path: Path) -> None:
    """Verification is on; the name in the URL, not the address, is what the certificate must hold."""
    ca_file, context = self_signed(tmp_path)
    app = web.Application()
    big = b"x" * 3_000_000

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=big)

    app.router.add_post("/", handler)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    url = URL(f"https://models.example:{server.port}/")
    body, connect_ms = await _call(url, trust(ca_file))
    assert (body, connect_ms is not None) == (big, True)
    with pytest.raises(ConnectFailed, match="certificate is not accepted \\(self-signed") as untrusted:
        await _call(url, None)
    with pytest.raises(ConnectFailed, match="certificate is not accepted \\(Hostname mismatch\\)") as misnamed:
        await _call(url.with_host("other.example"), trust(ca_file))
    await server.close()
    for error in (untrusted, misnamed):
        assert "example" not in str(error.value)


def test_a_ca_file_that_is_none_is_refused_at_start(tmp_path: Path) -> None:
    """A wrong file would show only at the first call."""
    (tmp_path / "ca.pem").write_text("not a certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="CA file"):
            trust(tmp_path / name)
