"""A token server for docker-registry: real JWTs (ES256), with the rights that a test gives each user."""

import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

ISSUER, SERVICE = "tests", "registry"
_COORDINATE = 32  # bytes of half a P-256 signature


@dataclass
class TokenServer:
    """Who may do what: `rights` by user, None for whoever comes without a login."""

    rights: dict[str | None, set[str]]
    password: str
    key: ec.EllipticCurvePrivateKey
    certificate: bytes
    root: Path
    url: str = ""
    lives_s: int = 300
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def answer(self, query: dict[str, list[str]], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Return the status and the document for a request."""
        self.asked.append(query)
        user = None
        if authorization is not None:
            user, _, password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
            if user not in self.rights or password != self.password:
                return 401, {"details": "incorrect username or password"}
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            granted = [one for one in actions.split(",") if one in self.rights.get(user, set())]
            access.append({"type": kind, "name": name, "actions": granted})
        return 200, {"token": self._signed(access), "expires_in": self.lives_s}

    def _signed(self, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(self.certificate).decode()]}
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": SERVICE,
            "sub": "",
            "jti": str(time.time_ns()),
            "access": access,
        }
        claims |= {"iat": now - 5, "nbf": now - 5, "exp": now + self.lives_s}
        text = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_part(r.to_bytes(_COORDINATE, 'big') + s.to_bytes(_COORDINATE, 'big'))}"


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def token_server(folder: Path, rights: dict[str | None, set[str]], *, password: str) -> Iterator[TokenServer]:
    """Run a token server; `folder/root.pem` is what a registry trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    root = folder / "root.pem"
    root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    server = TokenServer(rights, password, key, certificate.public_bytes(serialization.Encoding.DER), root)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.url = f"http://127.0.0.1:{listener.server_port}/token"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def section(server: TokenServer) -> dict[str, Any]:
    """Return the registry's section that asks for tokens of this server."""
    return {"token": {"realm": server.url, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(server.root)}}


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the interface's name
            query = parse_qs(urlsplit(self.path).query)
            status, document = server.answer(query, self.headers.get("Authorization"))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
