"""An https server's key on the wire: it never goes over http (RES-2, R9)."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from resolver import connect
from tests.fakes.modelport_api import ModelportAPI, serving
from tests.resolver.conftest import KEY, MESSAGES


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Give a file with a key and its own certificate for 127.0.0.1."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path / "authority.pem"
    file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return file


@pytest.fixture
def secure_api(authority: Path) -> Iterator[ModelportAPI]:
    """Give a server that speaks https only."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority)
    with serving(ModelportAPI(models={"qwen3": "/access/models/team1/"}, key=KEY), tls=context) as api:
        yield api


def test_an_https_servers_key_never_goes_over_http(
    secure_api: ModelportAPI, gateway: ModelportAPI, authority: Path
) -> None:
    """Listed by the server and trusted by the caller at once: still not. Look-ups use the client's own TLS (WRP-7)."""
    secure_api.models["far"], secure_api.gateways = gateway.url, [gateway.url]
    http_client = openai.DefaultHttpxClient(verify=ssl.create_default_context(cafile=authority))
    with connect(server=secure_api.url, key=KEY, trusted_origins=[gateway.url], http_client=http_client) as client:
        client.chat.completions.create(model="qwen3", messages=MESSAGES)
        client.chat.completions.create(model="far", messages=MESSAGES)
        gateway.call_answers = [(401, {}, b"{}")]
        with pytest.raises(openai.AuthenticationError, match="is http, and the server is https"):
            client.chat.completions.create(model="far", messages=MESSAGES)
    assert [call.key for call in (*secure_api.calls, *gateway.calls)] == [f"Bearer {KEY}", None, None]
