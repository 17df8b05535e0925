"""A key never makes a wider key."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.api.permissions import ROLES, Permission, Role
from gateway.errors import PermissionDenied
from gateway.keys.grants import Grant, check_not_wider, covered

MAKER = Grant(Role.PUBLISHER, "team1", ("qwen*", "echo"), ("10.0.0.0/8", "2001:db8::/32"), 1000)
SAME = replace(MAKER)


@pytest.mark.parametrize(
    "wanted",
    [
        SAME,
        replace(SAME, role=Role.VIEWER),
        replace(SAME, models=("qwen3",)),
        replace(SAME, models=("echo", "qwen3-*")),
        replace(SAME, cidrs=("10.1.2.3/32", "2001:db8:1::/48")),
        replace(SAME, expires_at=999),
    ],
)
def test_the_same_or_less_is_allowed(wanted: Grant) -> None:
    """KEY-6: a key may make its like and anything narrower."""
    check_not_wider(wanted, MAKER)


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        (replace(SAME, role=Role.OPERATOR), "role"),
        (replace(SAME, role=Role.AUDITOR), "role"),
        (replace(SAME, team="team2"), "team"),
        (replace(SAME, team=None), "team"),
        (replace(SAME, models=()), "models"),
        (replace(SAME, models=("qwen3", "llama")), "models"),
        (replace(SAME, models=("*",)), "models"),
        (replace(SAME, models=("q*",)), "models"),
        (replace(SAME, cidrs=()), "cidrs"),
        (replace(SAME, cidrs=("0.0.0.0/0",)), "cidrs"),
        (replace(SAME, cidrs=("10.0.0.0/8", "11.0.0.1/32")), "cidrs"),
        (replace(SAME, cidrs=("::ffff:10.0.0.1/128",)), "cidrs"),
        (replace(SAME, expires_at=1001), "expires_in_days"),
        (replace(SAME, expires_at=None), "expires_in_days"),
    ],
)
def test_anything_more_is_refused_and_named(wanted: Grant, param: str) -> None:
    """KEY-6: role, team, models, networks and life."""
    with pytest.raises(PermissionDenied) as refused:
        check_not_wider(wanted, MAKER)
    assert (refused.value.code, refused.value.param) == ("key_too_wide", param)


@pytest.mark.parametrize("maker", Role)
@pytest.mark.parametrize("wanted", Role)
def test_a_role_gives_only_permissions_that_it_has(maker: Role, wanted: Role) -> None:
    """KEY-6: by the permissions behind the names, so that no role can be reached by a detour."""
    narrow = ROLES[wanted] <= ROLES[maker]
    everywhere = Grant(maker, None, (), (), None)
    if narrow:
        check_not_wider(replace(everywhere, role=wanted), everywhere)
    else:
        with pytest.raises(PermissionDenied):
            check_not_wider(replace(everywhere, role=wanted), everywhere)


def test_who_manages_everybodys_keys_may_renew_them() -> None:
    """Otherwise the life of all keys would end with the administrator's own."""
    admin = Grant(Role.ADMIN, None, (), (), 1000)
    assert Permission.KEYS_MANAGE in ROLES[Role.ADMIN]
    check_not_wider(Grant(Role.DEVELOPER, "team1", (), (), 2000), admin)


@given(
    pattern=st.text("ab*?", max_size=4),
    wider=st.lists(st.text("ab*?", max_size=3), max_size=2),
    name=st.text("ab", max_size=5),
)
def test_a_covered_pattern_matches_nothing_else(pattern: str, wider: list[str], name: str) -> None:
    """Whatever a covered pattern matches, one of the wider ones matches too."""
    if covered(pattern, wider) and fnmatchcase(name, pattern):
        assert any(fnmatchcase(name, one) for one in wider)
