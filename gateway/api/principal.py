"""Who is asking: the answer of authentication, carried by the request. Made by `keys`, read by everybody above."""

from fnmatch import fnmatchcase

from aiohttp import web
from msgspec import Struct

from gateway.api.permissions import Permission, Role
from gateway.errors import NotFound, PermissionDenied, Unauthenticated


class Principal(Struct, frozen=True):
    """A caller with what it may do.

    `team` is None for a caller that is bound to no team (an administrator). `models` are shell patterns over model
    names; empty means every model of the team. `region` is where the caller is, as its key says; nobody guesses it.
    """

    key_id: str | None
    name: str
    role: Role
    permissions: frozenset[Permission]
    team: str | None = None
    models: tuple[str, ...] = ()
    region: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this caller has the permission somewhere."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied unless the caller has the permission."""
        if permission not in self.permissions and self.key_id is None:
            raise PermissionDenied(
                f"without a key one may call models here, but not {permission}",
                hint="send an administrator's key as Authorization: Bearer mp_…; the first start printed one",
            )
        if permission not in self.permissions:
            raise PermissionDenied(
                f"this key has the role {self.role}, which lacks the permission {permission}",
                hint="ask an administrator for a key with another role",
            )

    def sees_team(self, team: str) -> bool:
        """Whether objects of the team exist for this caller (another team's object is a 404, ACL-3)."""
        return self.team is None or self.team == team

    def require_team(self, team: str) -> None:
        """Raise NotFound unless the team exists for this caller."""
        if not self.sees_team(team):
            raise NotFound(f"team {team!r} not found", code="team_not_found")

    def may_call(self, model: str) -> bool:
        """Whether the key's model patterns admit the name."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)


def no_valid_key() -> Unauthenticated:
    """Return the one refusal for every reason: no key, unknown, revoked, expired (KEY-10, PRX-29)."""
    return Unauthenticated(
        "no valid API key was sent",
        hint="send it as Authorization: Bearer mp_…; an administrator can make one and sees why another one ended",
        headers={"WWW-Authenticate": "Bearer"},
    )


NO_MODEL = ("",)
"""The patterns of a key all of whose models are gone: no name is empty, and no patterns at all would mean every one."""
PRINCIPAL = web.RequestKey("PRINCIPAL", Principal)
REQUEST_ID = web.RequestKey("REQUEST_ID", str)
