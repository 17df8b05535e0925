"""What `doctor` and `report` look at: this machine, and the running server as this caller reaches it."""

import http.client
import os
from pathlib import Path

from gateway.cli.address import find_address, key_for
from gateway.cli.client import PREFIX, refusal_of_call
from gateway.cli.command import Session
from gateway.cli.failure import Failure
from gateway.cli.wire import read, send
from gateway.configuration.document import read as read_document
from gateway.configuration.loading import Reading, discover, examine
from gateway.doctor.machine import Machine, Silence, Told
from gateway.errors import ConfigError
from gateway.settings import shown_host
from gateway.snippets import operation_path, operation_url, request_body
from resolver import ResolveError, resolve

_ASK_S = 5.0
_CALL_S = 130.0  # a model that is loaded first takes up to two minutes
_ERROR = 400
_MAX_BYTES = 16 * 1024 * 1024
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_TOKENS = 16  # fewer are refused by some upstreams (preflight.md finding 7)


class RunningServer:
    """The server at the session's address."""

    def __init__(self, session: Session, url: str, *, named: bool) -> None:
        self.url = url
        self.named = named
        self._session = session
        self._known: dict[str, Told | Silence] = {}

    @property
    def has_key(self) -> bool:
        """Whether the caller has a key; one that cannot be read counts as none."""
        try:
            return self._session.key is not None
        except Failure:
            return False

    def ask(self, path: str) -> Told | Silence:
        """Return what it answers to a GET; asked once."""
        if path not in self._known:
            self._known[path] = self._ask(path)
        return self._known[path]

    def try_call(self, model: str, task: str) -> str | None:
        """Send a call of a few tokens and return what went wrong."""
        try:
            address = find_address(self._session, model)
            url = operation_url(address.url, operation_path(task) or "")
            body = request_body(model=address.model, task=task, text="ping", stream=False)
            limit = {} if task == "embeddings" else {"max_tokens": _TOKENS}
            key = key_for(self._session, address)
            with send("POST", url, body={**body, **limit}, key=key, timeout_s=_CALL_S) as response:
                content = read(response, url)
            if response.status >= _ERROR:
                return refusal_of_call(response, content, url, key=key).message
        except Failure as failure:
            return failure.message
        return None

    def text(self, path: str) -> str | Silence:
        """Return what it answers as text; a refusal is a silence, too."""
        try:
            url = str(resolve(f"/{path}", server=self.url))
            with send("GET", url, key=self._session.key, timeout_s=_ASK_S) as response:
                raw = response.read(_MAX_BYTES)
        except (Failure, ResolveError) as error:
            return Silence(error.message if isinstance(error, Failure) else str(error))
        except (OSError, http.client.HTTPException) as error:
            return Silence(str(error) or type(error).__name__)
        text = raw.decode("utf-8", "replace")
        return text if response.status < _ERROR else Silence(f"it answered {response.status}")

    def _ask(self, path: str) -> Told | Silence:
        key = self._session.key if path.startswith(PREFIX.lstrip("/")) and self.has_key else None
        try:
            where, _, query = path.partition("?")
            url = str(resolve(f"/{where}", server=self.url))
            url = f"{url}?{query}" if query else url
            with send("GET", url, key=key, timeout_s=_ASK_S) as response:
                data = read(response, url)
        except (Failure, ResolveError) as error:
            hint = error.hint if isinstance(error, Failure) else None
            return Silence(error.message if isinstance(error, Failure) else str(error), hint)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Told(response.status, data, headers)


def read_machine(session: Session, config: Path | None, data_dir: Path | None, *, live: bool) -> Machine:
    """Return this machine with its configuration, right or wrong."""
    file = discover(config)
    reading: Reading | None = None
    unreadable: str | None = None
    try:
        document = read_document(file) if file is not None else None
        reading = examine(document, flags={} if data_dir is None else {"data_dir": data_dir})
    except ConfigError as error:
        unreadable = error.message
    named = session.names_server
    settings = reading.settings if reading else None
    if not named and settings is not None and settings.server.port:
        host = "localhost" if settings.server.host in _ANY else shown_host(settings.server.host)
        session.server = f"http://{host}:{settings.server.port}{settings.server.mount}"
    server = RunningServer(session, session.server, named=named)
    return Machine(file=file, reading=reading, unreadable=unreadable, environment=os.environ, server=server, live=live)
