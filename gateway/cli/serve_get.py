"""`modelport serve --get PATH`: one request, answered by a server that does not listen."""

import email.parser
import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.app import Modelport
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import UsageFailure
from gateway.cli.talk import say
from gateway.cli.target import check_secret
from resolver import ResolveError, resolve

if TYPE_CHECKING:
    from gateway.configuration.loading import Configuration

_ERROR = 400


async def answer(configuration: "Configuration", path: str) -> int:
    """Write the body of the answer to stdout and return the exit code that its status means.

    MODELPORT_KEY goes along where it is set.
    """
    modelport = Modelport(configuration.settings, environment=os.environ, configuration=configuration)
    try:
        raw = await modelport.answer(lambda address: _request(path, address))
    except (UsageFailure, ResolveError) as error:
        say(f"Error: {error}")
        return ExitCode.USAGE
    finally:
        await modelport.stop()
    status, body = _taken_apart(raw)
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    return ExitCode.DONE if status < _ERROR else exit_code_of(status)


def _request(path: str, address: str) -> bytes:
    where, mark, query = path.partition("?")
    parts = urlsplit(str(resolve(where if where.startswith("/") else f"/{where}", server=address)))
    key = check_secret(os.environ.get("MODELPORT_KEY", ""), source="MODELPORT_KEY")
    lines = [
        f"GET {parts.path}{mark}{query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: close",
        *([f"Authorization: Bearer {key}"] if key else []),
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii", "replace")


def _taken_apart(raw: bytes) -> tuple[int, bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, _, fields = head.decode("latin-1").partition("\r\n")
    headers = email.parser.HeaderParser().parsestr(fields)
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = _joined(body)
    return int(first.split()[1]), body


def _joined(body: bytes) -> bytes:
    pieces = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        pieces.append(body[:length])
        body = body[length + 2 :]
    return b"".join(pieces)
