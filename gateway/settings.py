"""Every setting: one frozen tree. Where its values come from is the question of `gateway.configuration`.

A variable names the path to its setting with two underscores: `MODELPORT_SERVER__PORT=8080`.
"""

import re
import socket
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from gateway.described import Described
from gateway.errors import ConfigError
from resolver import ResolveError, resolve

ENV_PREFIX = "MODELPORT_"
CLIENT_VARIABLES = frozenset(
    {
        "MODELPORT_URL",
        "MODELPORT_KEY",
        "MODELPORT_CONFIG",
        "MODELPORT_CONTEXT",
        "MODELPORT_HUB",
        "MODELPORT_HUB_PASSPHRASE_FILE",
    }
)
"""Variables with our prefix that belong to the client or to the command line, not to this tree."""
SECRET_REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+)$"  # noqa: S105 - a form, no secret
"""What stands in place of a secret; the secret itself is refused (security.md SEC-3)."""

SecretReference = Annotated[str, Field(pattern=SECRET_REFERENCE)]


def _mount(value: str) -> str:
    """Check the mount prefix and give it exactly one slash at both ends."""
    try:
        resolved = resolve(value if value.startswith("/") else f"/{value}", server="http://localhost").url.raw_path
    except ResolveError as error:
        raise ValueError(f"is no path prefix: {error.detail}; write it like /ai/") from error
    return "/" if resolved == "/" else f"{resolved.rstrip('/')}/"


def _origin(value: str) -> str:
    """Check a public origin: scheme, host, optional port, no path."""
    try:
        url = resolve(value, server="http://localhost").url
    except ResolveError as error:
        raise ValueError(f"is no origin: {error.detail}; write it like https://models.example.com") from error
    if not url.absolute or url.raw_path not in {"", "/"}:
        raise ValueError("is no origin; write scheme and host only: the path prefix is server.mount")
    return str(url.origin())


def _folder(value: str) -> str:
    """Check the address of a folder and give it a final slash."""
    try:
        url = resolve(value, server="http://localhost").url
    except ResolveError as error:
        raise ValueError(f"is no address: {error.detail}; write it like https://hub.example.com/catalogue/") from error
    if not url.absolute:
        raise ValueError("is no address; write it like https://hub.example.com/catalogue/")
    return f"{str(url).rstrip('/')}/"


def _key_origin(value: str) -> str:
    """Check an origin: scheme, host and port, and nothing after them."""
    try:
        url = resolve(value, server="http://localhost").url
    except ResolveError as error:
        raise ValueError(f"is no origin: {error.detail}; write it like https://api.example.com") from error
    if not url.absolute or url.path.strip("/"):
        raise ValueError("is no origin; write it like https://api.example.com")
    return str(url).rstrip("/")


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for position, value in enumerate(values, start=1):
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"number {position} is no network; write it like 10.1.0.0/16") from None
    return values


def _header_names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check names of headers and return them in lower case."""
    for value in values:
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
            raise ValueError(f"{value!r} is no name of a header: write it like x-tenant")
    return tuple(value.lower() for value in values)


class Section(Described):
    """A group of settings: frozen, without unknown keys, and never echoing a value that might be a secret."""

    model_config = ConfigDict(hide_input_in_errors=True, allow_inf_nan=False)


class ServerSettings(Section):
    """Where it listens and what it takes from callers."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback requires keys."""
    port: int = Field(default=3000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    mount: Annotated[str, AfterValidator(_mount)] = "/"
    """Path prefix of everything, behind a proxy that shares its host."""
    public_origin: Annotated[str, AfterValidator(_origin)] | None = None
    """Scheme and host that callers use, e.g. https://models.example.com, behind a proxy."""
    allowed_hosts: tuple[str, ...] = ()
    """Further Host headers (name or name:port) that are answered; others get 421."""
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(_networks)] = ()
    """Networks of proxies whose X-Forwarded-For, -Proto and -Host are believed."""
    header_timeout_s: float = Field(default=10, gt=0)
    """Seconds to send a request's head."""
    keepalive_timeout_s: float = Field(default=75, gt=0)
    """Seconds that an idle connection is kept; proxies often have 60."""
    body_timeout_s: float = Field(default=30, gt=0)
    """Seconds without progress after which a body is given up."""
    min_body_rate: int = Field(default=1024, ge=0)
    """Slowest average upload in bytes per second, judged after body_timeout_s."""
    max_connections: int = Field(default=4096, gt=0)
    """Connections held at once; one more gets 503."""
    max_connections_per_ip: int = Field(default=4096, gt=0)
    """The same for one address; lower it without a proxy."""
    max_body_bytes: int = Field(default=32 * 1024 * 1024, gt=0)
    """Largest JSON body in bytes."""
    max_upload_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    """Largest multipart upload in bytes; uploads are streamed."""
    open_to_localhost: bool = True
    """Bound to loopback, let programs on this machine call models (not manage) without a key."""
    reload_endpoint: bool = False
    """Answer POST /-/reload; changes of this file are seen anyway."""
    forward_headers: Annotated[tuple[str, ...], AfterValidator(_header_names)] = ()
    """Further headers of callers that go to upstreams, e.g. x-tenant; credentials never do."""
    cors_origins: tuple[str, ...] = ()
    """Browser origins that may call the data plane; off by default."""


class DatabaseSettings(Section):
    """Where the registry lives."""

    url: str | None = None
    """postgresql://user@host/name or sqlite:///path; unset: a SQLite file in data_dir."""
    pgbouncer: bool = False
    """Without prepared statements, which transaction pooling cannot carry."""
    auto_migrate: bool = True
    """Bring an older PostgreSQL schema up at start, instead of `modelport db upgrade`."""


class EgressSettings(Section):
    """Where it may connect to."""

    profile: Literal["dev", "server"] = "dev"
    """dev: public addresses and loopback; server: public ones. Private networks only when listed."""
    allow_networks: tuple[str, ...] = ()
    """Further networks, CIDR with an optional port: 10.1.0.0/16 or 10.1.2.3/32:8000."""
    allow_hosts: tuple[str, ...] = ()
    """Names whose addresses are allowed whatever their network: gpu.internal or gpu.internal:8000."""
    allow_insecure_http: bool = False
    """Endpoints may be plain http:// over public networks, without a key; loopback and allowed networks may anyway."""
    max_response_bytes: int = Field(default=32 * 1024 * 1024, gt=0)
    """Largest answer read whole (errors, small JSON); streams have no limit."""


class TimeoutSettings(Section):
    """Time limits of a call, in seconds (a model may set its own)."""

    connect_s: float = Field(default=5, gt=0)
    """DNS, TCP and TLS together, per attempt."""
    first_byte_stream_s: float = Field(default=120, gt=0)
    """From the request to the head of a streamed answer."""
    first_byte_s: float = Field(default=600, gt=0)
    """The same of a plain answer, which comes after the whole generation."""
    idle_s: float = Field(default=60, gt=0)
    """Longest silence inside an answer."""
    total_s: float = Field(default=600, gt=0)
    """A plain call as a whole; streams have no limit."""
    slow_client_s: float = Field(default=60, gt=0)
    """A caller that reads nothing for so long is let go."""
    drain_s: float = Field(default=30, ge=0)
    """Running calls have this long to finish when the process stops."""


class HealthSettings(Section):
    """How often endpoints are looked at; it costs no tokens."""

    interval_s: float = Field(default=60, ge=0)
    """Seconds between two looks at an endpoint, give or take a fifth; 0: never."""
    hide_unhealthy: bool = False
    """Leave models out of the data plane's list while no endpoint is well."""


class StreamSettings(Section):
    """What is added to event streams, if switched on."""

    keepalive: bool = False
    """Send comments into silent streams, for proxies that cut idle connections."""
    keepalive_s: float = Field(default=15, gt=0)
    """Seconds of silence before that."""


class UsageSettings(Section):
    """What is counted, and how long it is kept."""

    drain_for_usage_ms: int = Field(default=0, ge=0, le=3_600_000)
    """Milliseconds that a call whose caller left is read on, for its usage."""
    call_days: int = Field(default=30, gt=0)
    """Days that single calls are kept; daily sums stay for 400."""
    object_days: int = Field(default=730, gt=0)
    """Days that stored responses, files and batches are found."""


class LifecycleSettings(Section):
    """How models leave."""

    purge_days: int = Field(default=30, ge=1, le=3650)
    """Days that a deleted model can be restored; then it is purged."""
    grace_s: float = Field(default=30, ge=0)
    """Seconds that running calls may go on when their model is deleted."""
    max_grace_s: float = Field(default=600, ge=0)
    """The longest that somebody may allow."""
    quarantine_days: int = Field(default=30, ge=0, le=3650)
    """Days that a purged model's name rests before another may have it."""
    require_if_match: tuple[Literal["restrict", "cascade", "repoint", "purge"], ...] = ("cascade", "purge")
    """Deletions that need If-Match."""


class AccessSettings(Section):
    """What the paths of OpenAI's API do besides carrying calls."""

    delete_models: bool = False
    """Let `DELETE /v1/models/{id}` retire a model, for keys with models.delete."""


class OperationSettings(Section):
    """Long work with progress."""

    days: int = Field(default=30, gt=0)
    """Days that finished operations are shown."""
    dead_after_s: float = Field(default=15, ge=1, le=600)
    """Seconds of silence after which a process counts as dead."""


class DownloadSettings(Section):
    """Files of models that the server fetches."""

    folder: Path | None = None
    """Where they go; unset: downloads in data_dir."""
    at_once: int = Field(default=2, ge=1, le=16)
    """How many run; others wait."""


class SecretSettings(Section):
    """Where keys (32 bytes, base64) come from: env:NAME, file:PATH, keyring:SERVICE/USER; unset: a file in data_dir."""

    kek: SecretReference | None = None
    """Key-encryption key for stored upstream credentials."""
    pepper: SecretReference | None = None
    """Pepper for the hashes of callers' keys."""
    audit: SecretReference | None = None
    """Key that seals the rows of the record of changes."""
    audit_signing: SecretReference | None = None
    """Seed of the ed25519 key that signs the record's checkpoints."""
    file_directory: Path | None = None
    """Directory that `file:` credentials of endpoints must lie in; unset: data_dir/secrets and /run/secrets."""


class AuditSettings(Section):
    """The record of changes."""

    enabled: bool = True
    """Record every change."""
    checkpoints: Path | None = None
    """File of signed checkpoints; unset: audit-checkpoints.jsonl in data_dir."""
    witness: str | None = Field(default=None, pattern=r"^(https?://\S+|syslog:(//[^\s/]+)?)$")
    """Who gets each, too: https://…, syslog: or syslog://HOST."""


class AdoptRule(Section):
    """Entries that become models by themselves: those of which all that is said certainly holds."""

    entries: tuple[str, ...] = Field(min_length=1, max_length=100)
    """Ids, with * and ?: acme/*."""
    team: str = "default"
    """Whose models they become."""
    licences: tuple[str, ...] = Field(default=(), max_length=100)
    """One of these."""
    needs: tuple[str, ...] = Field(default=(), max_length=20)
    """All of these capabilities: tools, json_schema."""
    residency: str | None = None
    """What is sent stays there: eu."""
    max_price_in: str | None = Field(default=None, pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")
    """USD for a million tokens that go in."""
    max_price_out: str | None = Field(default=None, pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")
    """USD for a million tokens that come out."""
    api_key: SecretReference | None = None
    """The key for entries that want one: env:NAME, file:PATH, keyring:SERVICE/USER."""
    key_for: Annotated[str, AfterValidator(_key_origin)] | None = None
    """The origin that it is for, https://api.acme.example; it goes nowhere else."""
    most: int = Field(default=20, ge=1, le=1000)
    """So many models of these entries at most."""

    @model_validator(mode="after")
    def _is_bound(self) -> "AdoptRule":
        if (self.api_key is None) != (self.key_for is None):
            raise ValueError("api_key and key_for go together: a key is for one origin")
        return self


class CatalogueSettings(Section):
    """Which models there are in the world."""

    mode: Literal["static", "hybrid", "dynamic"] = "dynamic"
    """What counts: the list below (static), a hub's (dynamic), or both, compared (hybrid)."""
    url: Annotated[str, AfterValidator(_folder)] | None = None
    """Folder of the hub; unset: the list that came along."""
    root: Path | None = None
    """The root.json that it is trusted by; unset: ours."""
    every_s: float = Field(default=900, ge=60, le=7 * 86_400)
    """Seconds between two looks."""
    static: Path | tuple[dict[str, Any], ...] = ()
    """Entries, or a file of them."""
    mirror: bool = False
    """Serve the hub's files to others."""
    recommend: bool = True
    """Learn recommendations from usage here."""
    region: str | None = Field(default=None, min_length=1, max_length=100)
    """Region of use: eu."""
    openfeature: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """Experiments' provider, package.module:factory."""
    adopt: tuple[AdoptRule, ...] = Field(default=(), max_length=50)
    """Entries that become models."""
    max_blob_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    """Bytes kept of what can be fetched again."""


class LogSettings(Section):
    """What is written to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is written."""
    requests: bool = True
    """One line per call (never prompts, never keys)."""
    format: Literal["auto", "json", "console"] = "auto"
    """auto: readable on a terminal, JSON elsewhere."""


class Settings(Section):
    """The whole tree. Made by `gateway.configuration.loading.load`, handed down by app, never changed."""

    version: Literal[1] = 1
    """Version of this file's format."""
    role: Literal["server", "gateway"] = "server"
    """server: management and data plane; gateway: the data plane alone, also at the root."""
    data_dir: Path = Path("modelport-data")
    """Directory of the embedded database and of generated secrets."""
    demo: bool = False
    """Serve one built-in model, echo, which repeats what it is told."""
    # model_construct(): defaults are right as they stand, and 15 validators that nobody else needs cost 12 ms.
    server: ServerSettings = ServerSettings.model_construct()
    database: DatabaseSettings = DatabaseSettings.model_construct()
    egress: EgressSettings = EgressSettings.model_construct()
    timeouts: TimeoutSettings = TimeoutSettings.model_construct()
    streams: StreamSettings = StreamSettings.model_construct()
    health: HealthSettings = HealthSettings.model_construct()
    usage: UsageSettings = UsageSettings.model_construct()
    access: AccessSettings = AccessSettings.model_construct()
    lifecycle: LifecycleSettings = LifecycleSettings.model_construct()
    operations: OperationSettings = OperationSettings.model_construct()
    catalogue: CatalogueSettings = CatalogueSettings.model_construct()
    downloads: DownloadSettings = DownloadSettings.model_construct()
    secrets: SecretSettings = SecretSettings.model_construct()
    audit: AuditSettings = AuditSettings.model_construct()
    log: LogSettings = LogSettings.model_construct()

    def listening_at(self, host: str, port: int) -> "Settings":
        """Return these settings with the address of a socket that is already open."""
        return self.model_copy(update={"server": self.server.model_copy(update={"host": host, "port": port})})

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.server.host)

    @property
    def keyless(self) -> bool:
        """Whether programs on this machine may call models without a key."""
        return self.loopback and self.server.open_to_localhost

    @property
    def downloads_folder(self) -> Path:
        """Where files of models go."""
        return (self.downloads.folder or self.data_dir / "downloads").absolute()

    @property
    def database_url(self) -> str:
        """The database's URL, the embedded one when none is set."""
        return self.database.url or f"sqlite:///{(self.data_dir / 'modelport.db').absolute()}"


def shown_host(host: str) -> str:
    """Return the host of the address to tell people, for a listening address.

    >>> shown_host("127.0.0.1"), shown_host("::1"), shown_host("192.0.2.7")
    ('localhost', '[::1]', '192.0.2.7')
    """
    if host in {"127.0.0.1", "localhost"}:
        return "localhost"
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def make_data_dir(path: Path) -> None:
    """Make the directory, for its owner alone, unless it is there.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"data_dir: cannot make {path}: {error.strerror}", hint="choose another one: --data-dir, data_dir"
        ) from error


def is_loopback(host: str) -> bool:
    """Whether a listening address is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
