"""A key never makes a wider key (security.md KEY-6): role, team, models, networks and life are all compared. Pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from gateway.api.permissions import ROLES, Permission, Role
from gateway.api.principal import NO_MODEL
from gateway.errors import PermissionDenied

_WILD = frozenset("*?[")


class Grant(Struct, frozen=True):
    """What a key gives. Empty `models` and `cidrs` mean no restriction; None means every team, or no end (ms).

    NO_MODEL in `models` is a key that had some and has none left: it makes keys that can call nothing.
    """

    role: Role
    team: str | None
    models: tuple[str, ...]
    cidrs: tuple[str, ...]
    expires_at: int | None


def check_not_wider(wanted: Grant, maker: Grant) -> None:
    """Raise PermissionDenied when the wanted grant gives anything that the maker's does not.

    A maker that manages everybody's keys may give longer lives than its own: otherwise nobody could renew anything.
    """
    if not ROLES[wanted.role] <= ROLES[maker.role]:
        raise _wider(f"the role {wanted.role} may more than the role {maker.role}", "role")
    if maker.team is not None and wanted.team != maker.team:
        # The same words whether or not the other team exists (ACL-3).
        raise _wider(f"it belongs to the team {maker.team!r} alone", "team")
    if maker.models and not (wanted.models and all(covered(pattern, maker.models) for pattern in wanted.models)):
        only = "nothing: of its models none is left" if maker.models == NO_MODEL else f"{_list(maker.models)} alone"
        raise _wider(f"it may call {only}", "models")
    if maker.cidrs and not (wanted.cidrs and all(_inside(cidr, maker.cidrs) for cidr in wanted.cidrs)):
        raise _wider(f"it may be used from {_list(maker.cidrs)} alone", "cidrs")
    if Permission.KEYS_MANAGE not in ROLES[maker.role] and _later(wanted.expires_at, maker.expires_at):
        raise _wider("it ends before the new one would", "expires_in_days")


def covered(pattern: str, by: Iterable[str]) -> bool:
    """Whether every name that the pattern matches is matched by one of the others; false when in doubt.

    >>> covered("qwen3", ["qwen*"]), covered("qwen3-*", ["qwen*"]), covered("q*", ["qwen*"])
    (True, True, False)
    """
    return any(_covers(wider, pattern) for wider in by)


def _covers(wider: str, pattern: str) -> bool:
    if wider == pattern or not _WILD.intersection(pattern):
        return wider == pattern or fnmatchcase(pattern, wider)
    start = wider[:-1]
    if wider[-1:] != "*" or _WILD.intersection(start):
        return False
    return _literal_start(pattern).startswith(start)


def _literal_start(pattern: str) -> str:
    return next((pattern[:place] for place, character in enumerate(pattern) if character in _WILD), pattern)


def _inside(cidr: str, networks: Iterable[str]) -> bool:
    inner = ip_network(cidr)
    return any(_contains(ip_network(network), inner) for network in networks)


def _contains(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _later(wanted: int | None, limit: int | None) -> bool:
    return limit is not None and (wanted is None or wanted > limit)


def _list(values: tuple[str, ...]) -> str:
    shown = ", ".join(values[:5])
    return f"{shown}, …" if len(values) > 5 else shown  # noqa: PLR2004 - as many as were shown


def _wider(reason: str, param: str) -> PermissionDenied:
    return PermissionDenied(
        f"a key never makes a wider key than itself: {reason}",
        code="key_too_wide",
        param=param,
        hint="leave the field out to get what this key has, or ask an administrator",
    )
