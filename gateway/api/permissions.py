"""What a route may ask for, and which role has it. The one table of security.md section 6 (ACL-1).

Anybody may use this. A route without a permission does not start (operation.py), and deny is the default (ACL-2).
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a key may be allowed to do."""

    __hash__ = str.__hash__  # an enum's own is written in Python, and every call is looked up in a set of these

    SELF_READ = "self.read"
    """See who one is."""
    REGISTRY_READ = "registry.read"
    """See models, endpoints, aliases, teams and gateways of the key's team."""
    USAGE_OWN = "usage.own"
    """See what the own key used."""
    USAGE_READ = "usage.read"
    """See what the whole team used."""
    INFER = "infer"
    """Call models on the data plane."""
    KEYS_OWN = "keys.own"
    """Make, rotate and revoke keys that are not wider than the own one."""
    KEYS_MANAGE = "keys.manage"
    """The same for everybody's keys."""
    REGISTRY_WRITE = "registry.write"
    """Register and change models, endpoints and aliases in the own team."""
    ENDPOINTS_FORCE = "endpoints.force"
    """Register an endpoint that its check found wrong, or without a check; hear what a check learns of the network."""
    MODELS_DEPRECATE = "models.deprecate"
    """Announce the end of a model, or call that off."""
    MODELS_OPERATE = "models.operate"
    """Disable, enable, protect from deletion."""
    MODELS_DELETE = "models.delete"
    """Retire models that nothing points at, and restore them."""
    MODELS_FORCE = "models.force"
    """Retire a model together with what points at it, or have that point elsewhere; retire very many at once."""
    MODELS_PURGE = "models.purge"
    """Take deleted models away for good, before their time."""
    MODELS_UNPROTECT = "models.unprotect"
    """Take the protection from deletion off."""
    CATALOGUE_OPERATE = "catalogue.operate"
    """Have the catalogue synchronised and verified, take a list that is held, pin and suppress entries."""
    DOWNLOADS_WRITE = "downloads.write"
    """Have the server fetch files of models onto its disk."""
    TEAMS_WRITE = "teams.write"
    GATEWAYS_WRITE = "gateways.write"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    """Have the configuration file read again."""
    AUDIT_READ = "audit.read"


class Role(StrEnum):
    """A named set of permissions."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    PUBLISHER = "publisher"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"


_VIEWER = frozenset({Permission.SELF_READ, Permission.REGISTRY_READ, Permission.USAGE_OWN})
_DEVELOPER = _VIEWER | {Permission.INFER, Permission.KEYS_OWN}
_PUBLISHER = _DEVELOPER | {Permission.REGISTRY_WRITE, Permission.MODELS_DEPRECATE, Permission.USAGE_READ}
_OPERATOR = _PUBLISHER | {
    Permission.MODELS_OPERATE,
    Permission.MODELS_DELETE,
    Permission.CATALOGUE_OPERATE,
    Permission.DOWNLOADS_WRITE,
    Permission.SETTINGS_READ,
}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.DEVELOPER: _DEVELOPER,
    Role.PUBLISHER: _PUBLISHER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Permission),
    Role.AUDITOR: frozenset({Permission.SELF_READ, Permission.AUDIT_READ}),
}
