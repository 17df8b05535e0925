"""A caller on this machine without a key."""

from gateway.api.permissions import Permission
from gateway.keys.local import anonymous_local


def test_it_may_infer_in_every_team_and_manage_nothing() -> None:
    """Localhost needs no set-up, and gives no administrator to a stray process."""
    local = anonymous_local()
    assert local.permissions == {Permission.INFER, Permission.REGISTRY_READ, Permission.SELF_READ}
    assert (local.key_id, local.sees_team("any"), local.may_call("any")) == (None, True, True)
