"""Copies: what they share, what they change, and which key they may not take along (WRP-2)."""

from typing import Any

import openai
import pytest

from resolver import AsyncModelportOpenAI, ModelportOpenAI, connect
from tests.fakes.modelport_api import ModelportAPI
from tests.resolver.conftest import KEY, Caller


def test_a_copy_keeps_what_is_ours_and_shares_routes_and_connections(caller: Caller, api: ModelportAPI) -> None:
    """The SDK's own resources copy the client, for instance to stream."""
    client = caller.connect("qwen3", server=api.url)
    caller.chat(client)
    copy = client.with_options(timeout=7, max_retries=1)
    assert type(copy) is type(client)
    assert (copy.model, copy.timeout, copy.max_retries) == ("qwen3", 7, 1)
    assert copy._client is client._client
    caller.chat(copy)
    assert len(api.lookups) == 1


def test_a_copy_asks_the_server_nothing(api: ModelportAPI) -> None:
    """Even though the SDK reads base_url for it."""
    client = connect("qwen3", server=api.url, key=KEY)
    copy = client.copy()
    assert api.lookups == []
    assert str(copy.base_url) == f"{api.url}/access/models/team1/"
    client.close()


def test_a_copy_for_another_model_shares_the_routes_of_both(caller: Caller, api: ModelportAPI) -> None:
    """One client per model costs one look-up per model."""
    api.models["llama"] = "/access/models/team2/"
    client = caller.connect("qwen3", server=api.url)
    caller.chat(client)
    other = client.copy(model="llama")
    caller.chat(other, "llama")
    caller.chat(other.copy(model="qwen3"))
    assert [call.path.split("/")[3] for call in api.calls] == ["team1", "team2", "team1"]
    assert len(api.lookups) == 2


@pytest.mark.parametrize("change", [{"api_key": "mp_other"}, {"team": "team7"}, {"route_ttl_s": 5}])
def test_a_copy_that_asks_differently_looks_up_for_itself(
    change: dict[str, Any], caller: Caller, api: ModelportAPI
) -> None:
    """Who asks decides what is found."""
    client = caller.connect("qwen3", server=api.url)
    caller.chat(client)
    api.key = None
    caller.chat(client.copy(**change))
    assert len(api.lookups) == 2


def test_a_copy_may_trust_more(caller: Caller, api: ModelportAPI, gateway: ModelportAPI) -> None:
    """Trust is the copy's own, the routes are shared."""
    api.models["far"] = gateway.url
    client = caller.connect("far", server=api.url)
    caller.chat(client)
    caller.chat(client.copy(trusted_origins=[gateway.url]))
    caller.chat(client)
    assert [call.key for call in gateway.calls] == [None, f"Bearer {KEY}", None]
    assert len(api.lookups) == 1


def test_the_key_does_not_follow_a_copy_to_another_server(
    caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """Another server, another key; the environment's default holds as for a new client."""
    gateway.models["qwen3"] = "/access/models/team9/"
    copy = caller.connect("qwen3", server=api.url).copy(server=gateway.url)
    caller.chat(copy)
    assert [call.key for call in (*gateway.lookups, *gateway.calls)] == [None, None]
    caller.chat(copy.copy(api_key="mp_there"))
    assert gateway.calls[-1].key == "Bearer mp_there"


def test_a_copy_with_a_base_url_is_a_plain_client(caller: Caller, api: ModelportAPI, gateway: ModelportAPI) -> None:
    """The caller says where; the key goes along only where it may."""
    client = caller.connect("qwen3", server=api.url, trusted_origins=["https://partner.example"])
    plain = client.copy(base_url=f"{gateway.url}/v1")
    caller.chat(plain)
    assert plain.model is None
    assert [(call.target, call.key) for call in gateway.calls] == [("/v1/chat/completions", "Bearer modelport-no-key")]
    assert client.copy(base_url="https://partner.example/v1").api_key == KEY
    assert client.copy(base_url=f"{gateway.url}/v1", api_key="sk-mine").api_key == "sk-mine"


def test_a_plain_client_can_become_a_routed_one_without_its_openai_key(caller: Caller, api: ModelportAPI) -> None:
    """OPENAI_API_KEY is for nobody else (WRP-9)."""
    kind = ModelportOpenAI if caller.kind == "sync" else AsyncModelportOpenAI
    api.key = None
    plain = kind(base_url="http://127.0.0.1:9/v1", max_retries=0)
    routed = plain.copy(server=api.url, model="qwen3")
    caller.chat(routed)
    assert plain.api_key == "sk-planted"
    assert [call.key for call in (*api.lookups, *api.calls)] == [None, None]
    caller.do(plain.close())


def test_a_copy_of_a_plain_client_stays_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """MODELPORT_URL decides when a client is made, not when it is copied."""
    plain = ModelportOpenAI(base_url="http://127.0.0.1:9/v1")
    monkeypatch.setenv("MODELPORT_URL", "http://localhost:3000")
    copy = plain.with_options(timeout=3)
    assert (str(copy.base_url), copy.api_key) == ("http://127.0.0.1:9/v1/", "sk-planted")


def test_a_copy_cannot_have_two_places_to_call(api: ModelportAPI) -> None:
    """As in the constructor."""
    with pytest.raises(openai.OpenAIError, match="base_url"):
        connect(server=api.url).copy(server=api.url, base_url=api.url)


def test_headers_and_queries_of_a_copy_are_the_sdks(caller: Caller, api: ModelportAPI) -> None:
    """set_default_headers, default_query and the rest pass through."""
    client = caller.connect("qwen3", server=api.url, default_headers={"X-A": "1"})
    caller.chat(client.copy(default_headers={"X-B": "2"}, set_default_query={"q": "1"}))
    assert (api.calls[0].headers["X-A"], api.calls[0].headers["X-B"]) == ("1", "2")
    assert api.calls[0].target.endswith("?q=1")
