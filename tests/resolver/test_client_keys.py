"""The key policy on the wire (RES-2, WRP-9): who sees which credential."""

from dataclasses import dataclass, field
from typing import Any

import openai
import pytest

from resolver import ModelportOpenAI, aconnect, connect
from tests.fakes.modelport_api import ModelportAPI
from tests.resolver.conftest import KEY, MESSAGES, Caller


@dataclass(frozen=True)
class Case:
    """A gateway, what it is to the server and to the caller, and the credential that it may see."""

    name: str
    listed: bool = False
    trusted: bool = False
    own_key: str | None = None
    sees: str | None = None
    request_headers: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("a stranger sees none"),
    Case("a listed gateway sees the key", listed=True, sees=f"Bearer {KEY}"),
    Case("an origin that the caller trusts sees the key", trusted=True, sees=f"Bearer {KEY}"),
    Case("an origin with a key of its own sees that one", own_key="sk-partner", sees="Bearer sk-partner"),
    Case("its own key comes before the listing", listed=True, own_key="sk-partner", sees="Bearer sk-partner"),
    Case("a stranger sees no key written for this call either", request_headers={"authorization": f"Bearer {KEY}"}),
    Case(
        "a listed gateway sees the key written for this call",
        listed=True,
        request_headers={"authorization": "Bearer mp_other"},
        sees="Bearer mp_other",
    ),
    Case("no key where the caller omits it", listed=True, request_headers={"Authorization": openai.omit}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_gateway_sees_the_credential_that_is_meant_for_it(
    case: Case, caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """RES-2: the listing of models alone never decides who gets the key."""
    api.models["far"] = gateway.url
    api.gateways = [f"{gateway.url}/", "not a url", "https://other.example"] if case.listed else []
    client = caller.connect(
        "far",
        server=api.url,
        trusted_origins=[f"{gateway.url}/v1"] if case.trusted else [],
        origin_keys={gateway.url: case.own_key} if case.own_key else {},
    )
    caller.chat(client, extra_headers=case.request_headers)
    assert gateway.calls[0].key == case.sees
    assert gateway.calls[0].headers.getall("Authorization", []) == ([case.sees] if case.sees else [])


PLANTED = "Authorization: Bearer sk-custom\nX-Secret: sk-custom\napi-key: sk-custom\nauthorization: Bearer sk-lower"


def test_what_the_environment_holds_for_openai_is_for_nobody_else(
    caller: Caller, api: ModelportAPI, gateway: ModelportAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OPENAI_CUSTOM_HEADERS beats the SDK's key; here our key beats it, and a stranger sees nothing of it."""
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", PLANTED)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-planted")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-planted")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    api.models["far"] = gateway.url
    client = caller.connect(server=api.url)
    caller.chat(client, "qwen3")
    caller.chat(client, "far")
    for call in (*api.lookups, *api.calls):
        assert call.headers.getall("Authorization") == [f"Bearer {KEY}"]
    seen = str(gateway.calls[0].headers)
    assert not any(word in seen for word in ("sk-", "planted", KEY, "Authorization"))


@pytest.mark.parametrize(
    "header", ["Cookie", "X-API-Key", "api-key", "X-Auth-Token", "Proxy-Authorization", "OpenAI-Organization"]
)
def test_no_other_credential_reaches_a_stranger(
    header: str, caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """Whether it is written for every call or for this one; a header that tells nothing passes."""
    api.models["far"] = gateway.url
    client = caller.connect("far", server=api.url, default_headers={header: "s3cret", "X-Tenant": "s3cret"})
    caller.chat(client, extra_headers={header.lower(): "s3cret", "X-Trace": "t1"})
    assert "s3cret" not in str(gateway.calls[0].headers)
    assert gateway.calls[0].headers["X-Trace"] == "t1"
    assert gateway.calls[0].headers["X-Stainless-Lang"] == "python"


def test_without_a_key_none_is_sent(caller: Caller, api: ModelportAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on loopback asks for none; the SDK's own rules would send OPENAI_ADMIN_KEY in its place."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    api.key = None
    client = caller.connect("qwen3", server=api.url, key=None)
    caller.chat(client)
    assert client.admin_api_key is None
    assert [call.key for call in (*api.lookups, *api.calls)] == [None, None]


def test_an_absolute_url_of_the_caller_gets_the_key_only_where_it_may(
    caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """The SDK sends its key to any absolute URL; a listed gateway is one that the server has named before."""
    client = caller.connect(server=api.url)
    caller.do(client.get(f"{api.url}/models?x=1", cast_to=object))
    caller.do(client.get(f"{gateway.url}/models", cast_to=object))
    api.gateways = [gateway.url]
    caller.chat(client)
    caller.do(client.get(f"{gateway.url}/models", cast_to=object))
    assert [call.key for call in gateway.calls] == [None, f"Bearer {KEY}"]
    assert {call.key for call in api.calls} == {f"Bearer {KEY}"}
    assert api.calls[0].target == "/models?x=1"


def test_a_key_may_be_a_callable(api: ModelportAPI) -> None:
    """The SDK asks it once per attempt; look-ups are attempts too."""
    keys = iter([KEY, "mp_second", "mp_third"])
    api.key = None
    with connect("qwen3", server=api.url, key=lambda: next(keys), max_retries=0) as client:
        client.chat.completions.create(model="qwen3", messages=MESSAGES)
    assert api.lookups[0].key in {f"Bearer {KEY}", "Bearer mp_second"}
    assert api.calls[0].key == "Bearer mp_second"


async def test_a_key_may_be_a_coroutine_function(api: ModelportAPI) -> None:
    """The same for asyncio."""

    async def key() -> str:
        return KEY

    async with aconnect("qwen3", server=api.url, key=key, max_retries=0) as client:
        await client.chat.completions.create(model="qwen3", messages=MESSAGES)
    assert [call.key for call in (*api.lookups, *api.calls)] == [f"Bearer {KEY}"] * 2


def test_a_stranger_that_wants_a_key_says_how_to_trust_it(
    caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """A withheld key must not look like a wrong one."""
    api.models["far"] = gateway.url
    gateway.call_answers = [(401, {}, b'{"error": {"message": "who are you?", "code": "invalid_api_key"}}')]
    with pytest.raises(openai.AuthenticationError) as refused:
        caller.chat(caller.connect("far", server=api.url))
    assert f"trusted_origins=['{gateway.url}']" in str(refused.value)
    assert "who are you?" in str(refused.value)


def test_a_missing_key_says_how_to_give_one(caller: Caller, api: ModelportAPI) -> None:
    """Trust is not what lacks here."""
    api.key = None
    api.call_answers = [(401, {}, b"{}")]
    with pytest.raises(openai.AuthenticationError, match="pass a key, or set MODELPORT_KEY"):
        caller.chat(caller.connect("qwen3", server=api.url, key=None))


def test_one_trusted_origin_may_be_a_plain_text(caller: Caller, api: ModelportAPI, gateway: ModelportAPI) -> None:
    """A text is one origin, not its letters."""
    api.models["far"] = gateway.url
    caller.chat(caller.connect("far", server=api.url, trusted_origins=gateway.url))
    assert gateway.calls[0].key == f"Bearer {KEY}"


def test_a_websocket_is_opened_with_the_credential_of_its_address(api: ModelportAPI, gateway: ModelportAPI) -> None:
    """Realtime takes `auth_headers` and base_url instead of the hook in openai 2."""
    api.models["far"] = gateway.url
    near, far = connect("qwen3", server=api.url, key=KEY), connect("far", server=api.url, key=KEY)
    trusting = connect("far", server=api.url, key=KEY, trusted_origins=[gateway.url])
    for client in (near, far, trusting):
        assert str(client.base_url)
    assert near.auth_headers == trusting.auth_headers == {"Authorization": f"Bearer {KEY}"}
    assert far.auth_headers == {}
    assert ModelportOpenAI(api_key="sk-own").auth_headers == {"Authorization": "Bearer sk-own"}
    for client in (near, far, trusting):
        client.close()
