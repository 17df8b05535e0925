"""Which settings change while the server runs, and the one holder through which they do.

Whoever can follow a change says so with `on_change`; the others are built once, and a change of theirs is told as
"needs a restart". Nothing is ever half in effect: a change is tried first, then every follower takes it in one go,
without a wait in between.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from yarl import URL

from gateway.settings import Settings
from gateway.upstream.policy import EgressPolicy

HOT: Final = frozenset(
    {
        "log.level",
        "log.requests",
        "timeouts.connect_s",
        "timeouts.first_byte_stream_s",
        "timeouts.first_byte_s",
        "timeouts.idle_s",
        "timeouts.total_s",
        "timeouts.slow_client_s",
        "timeouts.drain_s",
        "egress.profile",
        "egress.allow_networks",
        "egress.allow_hosts",
        "egress.allow_insecure_http",
        "health.interval_s",
        "health.hide_unhealthy",
        "server.allowed_hosts",
        "server.trusted_proxies",
        "server.cors_origins",
        "server.header_timeout_s",
        "server.body_timeout_s",
        "server.min_body_rate",
        "server.max_connections",
        "server.max_connections_per_ip",
        "server.max_body_bytes",
        "server.max_upload_bytes",
        "usage.call_days",
        "usage.object_days",
        "access.delete_models",
        "lifecycle.purge_days",
        "lifecycle.grace_s",
        "lifecycle.max_grace_s",
        "lifecycle.quarantine_days",
        "lifecycle.require_if_match",
        "operations.days",
    }
)
"""What takes effect without a restart; connections, calls and streams that run keep the limits they began with."""

Follower = Callable[[Settings], None]


class Live:
    """The settings in force. `started` are those of the start, `running` the same as the process really runs."""

    def __init__(self, started: Settings, *, running: Settings, own_networks: Sequence[str] = ()) -> None:
        self.settings = running
        self._started = started
        self._own_networks = tuple(own_networks)
        self._followers: list[Follower] = []
        self._policy = self._policy_of(running)

    @property
    def policy(self) -> EgressPolicy:
        """The egress policy in force."""
        return self._policy

    def judge(self, url: URL) -> None:
        """Let pass what the egress policy lets; for a moment, while a change is tried, that of the change."""
        self._policy.judge(url)

    def on_change(self, follower: Follower) -> None:
        """Call `follower(settings)` with each change; it must neither wait nor fail."""
        self._followers.append(follower)

    def is_hot(self, name: str) -> bool:
        """Whether a change of the setting takes effect without a restart."""
        if name == "server.cors_origins":  # what answers browsers is only there when the start had a list
            return bool(self._started.server.cors_origins)
        return name in HOT

    def changes(self, wanted: Settings) -> tuple[str, ...]:
        """Return the settings that would take effect at once."""
        now, then = values_of(self.settings), values_of(wanted)
        return tuple(name for name in then if self.is_hot(name) and then[name] != now[name])

    def needs_restart(self, wanted: Settings) -> tuple[str, ...]:
        """Return the settings that differ from those of the start and cannot follow."""
        now, then = values_of(self._started), values_of(wanted)
        return tuple(name for name in then if not self.is_hot(name) and then[name] != now[name])

    @contextlib.contextmanager
    def trial(self, wanted: Settings) -> Iterator[None]:
        """Judge by the wanted policy inside; when something fails there, everything stays as it was.

        Raises:
            ConfigError: a network or host of the policy cannot be used.
        """
        before = self._policy
        if wanted.egress != self.settings.egress:
            self._policy = self._policy_of(wanted)
        try:
            yield
        except BaseException:
            self._policy = before
            raise
        self._adopt(wanted)

    def _adopt(self, wanted: Settings) -> None:
        if not (changed := self.changes(wanted)):
            return
        values = values_of(wanted)
        sections: dict[str, dict[str, Any]] = {}
        for name in changed:
            section, _, field = name.partition(".")
            sections.setdefault(section, {})[field] = values[name]
        update = {name: getattr(self.settings, name).model_copy(update=fields) for name, fields in sections.items()}
        self.settings = self.settings.model_copy(update=update)
        for follower in self._followers:
            follower(self.settings)

    def _policy_of(self, settings: Settings) -> EgressPolicy:
        egress = settings.egress
        networks = (*egress.allow_networks, *self._own_networks)
        return EgressPolicy(egress.profile, allow_networks=networks, allow_hosts=egress.allow_hosts)


def values_of(settings: Settings) -> Mapping[str, Any]:
    """Return every setting by its path, like `server.port`."""
    values: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            values |= {f"{name}.{inner}": getattr(value, inner) for inner in type(value).model_fields}
        else:
            values[name] = value
    return values
