"""What holds for every address, not only for those somebody thought of."""

from hypothesis import example, given, settings

from resolver import resolve
from tests.resolver import addresses


@given(addresses.values, addresses.servers)
@example("@evil.test/v1", "https://corp.example")
@example("\t//evil.test", "https://corp.example")
@example("https://gw.example\u2044v1.evil.test", "https://corp.example")
@settings(max_examples=2000, deadline=None)
def test_a_result_never_leaves_the_servers_or_its_own_origin(value: str, server: str) -> None:
    """R8: whatever comes in, three parsers find the result where it may be, and resolving it again changes nothing."""
    addresses.check(value, server)


@given(addresses.paths)
@settings(max_examples=500, deadline=None)
def test_a_path_resolves_below_every_mount(path: str) -> None:
    """R7: the mount decides where a path is, never whether it is one."""
    results = [addresses.check(path, server) for server in ("https://corp.example", "https://corp.example/ai/")]
    assert (results[0] is None) == (results[1] is None)
    if results[0] is not None and results[1] is not None:
        assert str(results[1]) == str(results[0]).replace("corp.example", "corp.example/ai", 1)


@given(addresses.full_urls)
@settings(max_examples=500, deadline=None)
def test_a_full_url_does_not_depend_on_the_server(url: str) -> None:
    """R3: a gateway's address is its own; the server decides about the downgrade warning only."""
    results = [addresses.check(url, server) for server in addresses.GOOD_SERVERS]
    assert len({str(result) for result in results}) == 1


@given(addresses.full_urls)
@settings(max_examples=500, deadline=None)
def test_the_downgrade_warning_tells_an_http_gateway_of_an_https_server(url: str) -> None:
    """R9: exactly then."""
    if addresses.check(url, "https://corp.example") is not None:
        resolved = resolve(url, server="https://corp.example")
        assert ("downgrade" in resolved.warnings) == (resolved.origin.scheme == "http")
