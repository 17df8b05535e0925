"""Which header is the credential."""

import pytest
from multidict import CIMultiDict

from gateway.errors import InvalidRequest
from gateway.keys.credential import presented_key

KEY, OTHER = "mp_live_one", "mp_live_two"


@pytest.mark.parametrize(
    ("headers", "presented"),
    [
        ([], None),
        ([("Authorization", f"Bearer {KEY}")], KEY),
        ([("authorization", f"bearer   {KEY} ")], KEY),
        ([("X-API-Key", KEY)], KEY),
        ([("api-key", f" {KEY}")], KEY),
        ([("Authorization", f"Bearer {KEY}"), ("x-api-key", KEY), ("api-key", KEY)], KEY),
        ([("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {KEY}")], KEY),
        ([("Authorization", "Bearer "), ("x-api-key", "")], None),
        ([("Authorization", "Bearer"), ("x-api-key", KEY)], KEY),
        ([("Authorization", "Basic dTpw")], "Basic dTpw"),
        ([("Authorization", KEY)], KEY),
        ([("Proxy-Authorization", f"Bearer {KEY}"), ("Cookie", f"key={KEY}")], None),
    ],
)
def test_one_credential_counts_wherever_it_stands(headers: list[tuple[str, str]], presented: str | None) -> None:
    """KEY-7: Authorization: Bearer, x-api-key and api-key; a blank one is none."""
    assert presented_key(CIMultiDict(headers)) == presented


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"Bearer {KEY}"), ("x-api-key", OTHER)],
        [("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {OTHER}")],
        [("x-api-key", KEY), ("api-key", OTHER)],
        [("x-api-key", KEY), ("x-api-key", OTHER)],
        [("Authorization", "Basic dTpw"), ("x-api-key", KEY)],
    ],
)
def test_two_that_differ_are_refused(headers: list[tuple[str, str]]) -> None:
    """KEY-7: whatever looks at the other one would judge somebody else; neither is quoted."""
    with pytest.raises(InvalidRequest) as refused:
        presented_key(CIMultiDict(headers))
    assert refused.value.code == "two_credentials"
    assert "mp_live" not in f"{refused.value.message}{refused.value.hint}"
