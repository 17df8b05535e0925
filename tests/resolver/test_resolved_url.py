"""The typed result and the inputs of `resolve` that are not plain texts."""

import dataclasses
import enum

import pytest
from yarl import URL

from resolver import ResolvedURL, ResolveError, resolve

SERVER = "https://models.corp.example/ai/"


class Loud(str):
    """A text that shows as another one."""

    __slots__ = ()

    def __str__(self) -> str:
        return "https://evil.test"

    def startswith(self, *_: object) -> bool:
        """Deny everything."""
        return False


class Address(enum.StrEnum):
    """A text by its type, with a name of its own."""

    TEAM = "/access/models/team1/"


def test_the_result_says_url_kind_origin_and_warnings() -> None:
    """One typed value, never a bare text: an unresolved path cannot pass for an address."""
    resolved = resolve("access/models/team1/", server=SERVER)
    assert resolved.url == URL("https://models.corp.example/ai/access/models/team1/")
    assert resolved.kind == "server"
    assert resolved.origin == URL("https://models.corp.example")
    assert resolved.warnings == ("missing_leading_slash",)
    assert str(resolved) == "https://models.corp.example/ai/access/models/team1/"


def test_the_result_is_frozen_and_hashable() -> None:
    """A result that was checked stays what was checked."""
    resolved = resolve("/v1", server=SERVER)
    with pytest.raises(dataclasses.FrozenInstanceError):
        resolved.kind = "gateway"  # type: ignore[misc]  # the point
    assert {resolved} == {resolve("/v1", server=SERVER)}


def test_the_url_keeps_bytes_that_yarl_would_rewrite() -> None:
    """The yarl.URL is built from text that is already encoded, so both show the same bytes."""
    resolved = resolve("/m/%7Euser/a%2fb//", server=SERVER)
    assert resolved.url.raw_path == "/ai/m/%7Euser/a%2fb//"


def test_the_server_may_be_a_yarl_url() -> None:
    """A yarl.URL counts as the text that it shows."""
    assert resolve("/v1", server=URL(SERVER)) == resolve("/v1", server=SERVER)
    assert resolve("/v1", server=URL(SERVER, encoded=True)) == resolve("/v1", server=SERVER)
    with pytest.raises(ResolveError, match="bad_base"):
        resolve("/v1", server=URL("/ai/"))


def test_a_subclass_of_str_counts_as_the_characters_that_it_holds() -> None:
    """What an overridden method says does not matter."""
    assert str(resolve(Loud("/v1"), server=SERVER)) == "https://models.corp.example/ai/v1"
    assert str(resolve("/v1", server=Loud("http://localhost:3000"))) == "http://localhost:3000/v1"
    assert str(resolve(Address.TEAM, server=SERVER)) == "https://models.corp.example/ai/access/models/team1/"


@pytest.mark.parametrize("value", [None, b"/v1", 5, ["/v1"], URL("/v1")])
def test_a_value_that_is_no_text_is_refused_by_name(value: object) -> None:
    """R2: None must not become "None", nor bytes their repr."""
    with pytest.raises(ResolveError, match=type(value).__name__) as refused:
        resolve(value, server=SERVER)  # type: ignore[arg-type]  # the point
    assert refused.value.code == "empty"


@pytest.mark.parametrize("server", [None, b"http://localhost", 5])
def test_a_server_that_is_no_text_is_refused_by_name(server: object) -> None:
    """R1: the same for the server."""
    with pytest.raises(ResolveError, match=type(server).__name__) as refused:
        resolve("/v1", server=server)  # type: ignore[arg-type]  # the point
    assert refused.value.code == "bad_base"


@pytest.mark.parametrize(
    ("base_url", "path", "called"),
    [
        ("/access/models/team1/", "/chat/completions", "http://localhost:3000/access/models/team1/chat/completions"),
        ("/access/models/team1", "chat/completions", "http://localhost:3000/access/models/team1/chat/completions"),
        ("/access/models/team1//", "/models", "http://localhost:3000/access/models/team1//models"),
        ("https://gw.example", "/models/org%2Fm?x=1", "https://gw.example/models/org%2Fm?x=1"),
        ("https://gw.example/v1", "//evil.test/x", "https://gw.example/v1/evil.test/x"),
    ],
)
def test_an_operation_is_called_below_its_address(base_url: str, path: str, called: str) -> None:
    """CL-2: one slash at the seam, as the SDKs join; nothing leads away from the address."""
    assert resolve(base_url, server="http://localhost:3000").below(path) == called


def test_a_result_can_be_made_from_its_parts() -> None:
    """Other parts of the project may pass a result on; equality is by value."""
    assert ResolvedURL(URL("http://localhost:3000/v1"), "server") == resolve("/v1", server="http://localhost:3000")
