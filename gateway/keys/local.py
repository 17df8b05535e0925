"""Who a caller on this machine is without a key, where the server is bound to loopback. Pure.

It may call the models of every team and see what is registered, so that localhost needs no set-up. It may neither
change anything nor make keys: otherwise any local process, or a page that borrows one, would be an administrator.
"""

from gateway.api.permissions import Permission, Role
from gateway.api.principal import Principal

_PERMISSIONS = frozenset({Permission.SELF_READ, Permission.INFER, Permission.REGISTRY_READ})


def anonymous_local() -> Principal:
    """Return the principal of a keyless caller on this machine."""
    return Principal(key_id=None, name="local", role=Role.DEVELOPER, permissions=_PERMISSIONS)
