"""What the registry's routes answer. The same structure whatever form an address has; nothing secret, ever (SEC-4).

`render.py` makes them.
"""

from typing import Literal

from gateway.described import Described
from gateway.registry.possible import Deed


class View(Described):
    """An answer. `etag` is the very text for If-Match; times are RFC 3339 in UTC."""


class SecretView(View):
    """A key that can be written and not read."""

    set: bool
    hint: str | None
    """How the key ends, or what it refers to."""
    updated_at: str | None


class Stamped(View):
    """Something that is kept: by whom, and since when."""

    etag: str
    created_at: str
    updated_at: str
    managed_by: Literal["file"] | None
    """file: a configuration file declares it, and the API answers changes with 409; null: it is changed here."""
    managed_at: str | None
    """File and line of the declaration."""


class HealthFields(View):
    """How something is, by the last check that costs nothing."""

    health: Literal["healthy", "degraded", "loading", "unhealthy", "unproved"]
    """degraded: it answers, but something is odd, or not all endpoints do; unproved: not checked since the start."""
    last_error: str | None
    """What the last check found wrong, word for word; for keys that may register models."""
    checked_at: str | None


class EndpointSummary(HealthFields):
    """An endpoint as its model shows it."""

    id: str
    base_url: str
    upstream_model: str | None
    weight: int
    enabled: bool


class EndpointView(EndpointSummary, Stamped):
    """One place where a model runs."""

    model_uid: str
    model: str
    team: str
    api_key: SecretView
    organization_headers: bool
    warnings: tuple[Literal["api_key_cleared"], ...]
    """api_key_cleared: the key was bound to the origin that this change left, and is gone; set it again."""


class AddressFields(View):
    """Where something is published."""

    base_url: str
    """As published: a gateway's full URL, or a path of this server."""
    url: str
    """The same, resolved for the origin that you used."""
    kind: Literal["gateway", "server"]
    warnings: tuple[str, ...]
    """downgrade: the gateway speaks http while you used https; do not send it a key."""


class TeamView(AddressFields, Stamped):
    """A namespace of models and keys, with the address of all its models together."""

    id: str
    name: str
    description: str
    default_via: str | None
    """As set: a gateway's name, "server", or null for the installation's default."""
    gateway: str | None
    """The gateway that this leads to; null is the server."""
    default_endpoints: dict[str, str]


class DeprecationView(View):
    """That a model is going to leave, as its callers are told with every answer."""

    at: str
    sunset_at: str | None
    """When it is retired by itself."""
    successor: str | None
    """The model that callers are told to use."""


class ModelView(AddressFields, HealthFields, Stamped):
    """A published model."""

    uid: str
    name: str
    team: str
    task: str
    state: Literal["draft", "active", "deprecated", "disabled", "draining", "deleted"]
    state_before: str | None
    """Where enabling or restoring it leads."""
    deprecation: DeprecationView | None
    protected: bool
    """Whether it can only be deleted after its protection was taken off."""
    delete_time: str | None
    """Since when it is draining or deleted."""
    purge_time: str | None
    """Until then it can be restored."""
    reason: str
    """Why it was retired."""
    permissions: tuple[Deed, ...]
    """What you may do with it now, as far as your key and its state are concerned."""
    description: str
    via: str | None
    """As set: a gateway's name, "server", or null for the team's default."""
    gateway: str | None
    """The gateway that this leads to; null is the server."""
    path: str | None
    stream_usage: bool
    first_byte_timeout_s: float | None
    idle_timeout_s: float | None
    total_timeout_s: float | None
    drain_for_usage_ms: int | None
    source_reference: str | None
    """The package that it was made from: registry.host/team/model:tag."""
    source_digest: str | None
    """What that tag was when it was published; the tag may have moved since."""
    catalogue_id: str | None
    """The catalogue's entry that it was made of."""
    catalogue_flag: Literal["orphaned"] | None
    """orphaned: that entry is gone from the catalogue. The model stays as it is."""
    endpoints: tuple[EndpointSummary, ...]
    aliases: tuple[str, ...]
    fallbacks: tuple[str, ...]
    """Models of the team that take over, in this order, where none of the endpoints can answer."""


class AliasView(Stamped):
    """Another name for a model."""

    id: str
    name: str
    team: str
    model_uid: str
    model: str


class GatewayView(Stamped):
    """A public entry point."""

    id: str
    name: str
    url: str
    description: str
    is_default: bool


class TeamAddress(View):
    """Where a team's models are called."""

    team: str
    base_url: str
    """As published: a gateway's full URL, or a path of this server."""
    url: str
    """The same, resolved for the origin that you used."""
    gateways: tuple[str, ...]
    """Every gateway's URL: besides the server's own, the only origins that a key may be sent to."""


class ModelAddress(TeamAddress):
    """Where a model is called."""

    model: str
    """The name or alias that you asked for."""
    uid: str
    via: str | None
    """As set: a gateway's name, "server", or null for the team's default."""
    gateway: str | None
    """The gateway that this leads to; null is the server."""
    revision: int
    """Raised by every change of the model; ask again when a call fails."""


class EffectView(View):
    """A row that went away with something else."""

    kind: str
    id: str
    name: str


class DeletionView(EffectView):
    """What was removed."""

    deleted: Literal[True]
    effects: tuple[EffectView, ...]
    """What went with it: a model's endpoints."""
