"""The tree of settings: what single values mean."""

import pytest

from gateway.configuration.loading import load
from gateway.errors import ConfigError
from gateway.settings import is_loopback


@pytest.mark.parametrize(
    ("mount", "expected"), [("/", "/"), ("ai", "/ai/"), ("/ai", "/ai/"), ("/ai/", "/ai/"), ("/a/b", "/a/b/")]
)
def test_a_mount_has_one_slash_at_both_ends(mount: str, expected: str) -> None:
    """However it was written."""
    assert load(flags={"server": {"mount": mount}}, environment={}).settings.server.mount == expected


@pytest.mark.parametrize("mount", ["/../x", "/a?b", "/a b", "//host"])
def test_a_mount_that_is_no_path_is_refused(mount: str) -> None:
    """The resolver's rules hold for it."""
    with pytest.raises(ConfigError, match=r"server\.mount"):
        load(flags={"server": {"mount": mount}}, environment={})


@pytest.mark.parametrize("origin", ["models.example.com", "https://x.example/ai", "https://me:planted@x.example"])
def test_a_public_origin_is_scheme_and_host(origin: str) -> None:
    """A password in it is refused, and not repeated."""
    with pytest.raises(ConfigError, match=r"server\.public_origin: is no origin") as caught:
        load(flags={"server": {"public_origin": origin}}, environment={})
    assert "planted" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.8.8", True), ("0.0.0.0", False), ("gw", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, *, expected: bool) -> None:
    """Anything else needs keys."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize("name", ["x tenant", "", "x-tenant:", "x\r\ny"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    """It would never match, or split a request."""
    with pytest.raises(ConfigError, match="is no name of a header"):
        load(flags={"server": {"forward_headers": [name]}}, environment={})
