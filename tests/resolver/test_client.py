"""The clients do what the SDK's clients do, at the address where each model is published."""

import io
from typing import Any

import openai
import pytest
from yarl import URL

from resolver import AsyncModelportOpenAI, ModelportOpenAI, ResolveError, aconnect, client_kwargs, connect
from resolver.client import ServerAddressError
from tests.fakes.modelport_api import ANSWER, ModelportAPI
from tests.resolver.conftest import KEY, Caller


def test_a_client_is_the_sdks_own_kind() -> None:
    """Instructor, agents and langchain ask isinstance."""
    assert isinstance(connect("qwen3", server="http://localhost:3000"), openai.OpenAI)
    assert isinstance(aconnect("qwen3", server="http://localhost:3000"), openai.AsyncOpenAI)


def test_a_chat_goes_to_the_models_address(caller: Caller, api: ModelportAPI) -> None:
    """WRP-3: one model; the published path below the server, the key with it."""
    client = caller.connect("qwen3", server=api.url)
    assert caller.chat(client).choices[0].message.content == ANSWER
    assert [(call.target, call.key) for call in api.calls] == [
        ("/access/models/team1/chat/completions", f"Bearer {KEY}")
    ]
    assert [call.target for call in api.lookups] == ["/api/v1/resolve?model=qwen3"]


def test_the_mount_prefix_of_the_server_is_kept(caller: Caller, api: ModelportAPI) -> None:
    """R7, for the look-up as for the call."""
    caller.chat(caller.connect("qwen3", server=api.url + "/ai/"))
    assert api.lookups[0].path == "/ai/api/v1/resolve"
    assert api.calls[0].path == "/ai/access/models/team1/chat/completions"


def test_without_a_model_each_call_goes_by_its_own(caller: Caller, api: ModelportAPI, gateway: ModelportAPI) -> None:
    """WRP-3: two models, two places, one client program that does not know the difference."""
    api.models["far"], api.gateways = gateway.url, [gateway.url]
    client = caller.connect(server=api.url)
    caller.chat(client, "qwen3")
    caller.chat(client, "far")
    assert [call.target for call in api.calls] == ["/access/models/team1/chat/completions"]
    assert [(call.target, call.key) for call in gateway.calls] == [("/chat/completions", f"Bearer {KEY}")]


def test_calls_that_name_no_model_go_to_the_teams_own_address(caller: Caller, api: ModelportAPI) -> None:
    """WRP-3: lists and stored objects; looked up once as well."""
    client = caller.connect(server=api.url, team="team7")
    assert [model.id for model in caller.do(client.models.list()).data] == ["qwen3"]
    assert caller.do(client.models.retrieve("qwen3")).id == "qwen3"
    assert [call.target for call in api.lookups] == ["/api/v1/resolve?team=team7"]
    assert [call.path for call in api.calls] == ["/access/models/local/models", "/access/models/local/models/qwen3"]


def test_a_stream_arrives_chunk_by_chunk(caller: Caller, api: ModelportAPI) -> None:
    """Streaming is the SDK's own."""
    chunks = caller.chat(caller.connect("qwen3", server=api.url), stream=True)
    assert [chunk.choices[0].delta.content for chunk in chunks] == ANSWER.split(" ")


def test_every_kind_of_call_follows_the_model(caller: Caller, api: ModelportAPI) -> None:
    """Responses, embeddings, speech and transcriptions: JSON bodies, multipart bodies, binary answers."""
    client = caller.connect(server=api.url)
    assert caller.do(client.responses.create(model="qwen3", input="hello")).output_text == ANSWER
    assert caller.do(client.embeddings.create(model="qwen3", input="hello")).data[0].embedding == [0.5, 0.25]
    spoken = caller.do(client.audio.speech.create(model="qwen3", voice="alloy", input="hello"))
    assert spoken.content == b"RIFF\x00"
    heard = caller.do(client.audio.transcriptions.create(model="qwen3", file=("a.wav", io.BytesIO(b"RIFF"))))
    assert heard.text == ANSWER
    assert {call.path.rpartition("/team1/")[0] for call in api.calls} == {"/access/models"}
    assert len(api.lookups) == 1


def test_raw_and_streamed_responses_pass(caller: Caller, api: ModelportAPI) -> None:
    """`with_raw_response` sees the call's answer, never the look-up's."""
    client = caller.connect("qwen3", server=api.url)
    raw = caller.do(client.chat.completions.with_raw_response.create(model="qwen3", messages=[]))
    assert raw.headers["x-request-id"] == "req_1"
    assert raw.parse().choices[0].message.content == ANSWER
    assert raw.parse()._request_id == "req_1"


def test_the_model_may_come_through_extra_body(caller: Caller, api: ModelportAPI) -> None:
    """The SDK merges `extra_body` over the body; so does the choice of the route."""
    client = caller.connect(server=api.url)
    caller.chat(client, "unknown", extra_body={"model": "qwen3"})
    assert api.lookups[0].target == "/api/v1/resolve?model=qwen3"


def test_a_name_with_a_slash_is_asked_for_as_one_name(caller: Caller, api: ModelportAPI) -> None:
    """Model names carry slashes, colons and more; they travel in the query."""
    api.models["org/m&x=1:8b"] = "/access/models/team1/"
    caller.chat(caller.connect(server=api.url), "org/m&x=1:8b")
    assert dict(URL(api.lookups[0].target).query) == {"model": "org/m&x=1:8b"}


def test_default_query_and_headers_stay_with_the_calls(caller: Caller, api: ModelportAPI) -> None:
    """A look-up asks with its own parameters only; headers for whatever stands before the server go along."""
    client = caller.connect("qwen3", server=api.url, default_query={"x": "1"}, default_headers={"X-Tenant": "t"})
    caller.chat(client)
    assert api.calls[0].target == "/access/models/team1/chat/completions?x=1"
    assert api.lookups[0].target == "/api/v1/resolve?model=qwen3"
    assert api.lookups[0].headers["X-Tenant"] == api.calls[0].headers["X-Tenant"] == "t"


def test_base_url_and_model_say_where_and_what(api: ModelportAPI) -> None:
    """Nothing is asked before it is needed; reading base_url needs it."""
    client = connect("qwen3", server=api.url, key=KEY)
    assert api.lookups == []
    assert client.model == "qwen3"
    assert str(client.base_url) == f"{api.url}/access/models/team1/"
    assert connect(server=api.url).model is None
    client.close()


def test_base_url_is_never_none_or_empty(api: ModelportAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """CL-4: before anything is looked up it is the server's own /v1/, whatever the environment says."""
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    for client in (connect(server=api.url), aconnect(server=api.url), aconnect("qwen3", server=api.url)):
        assert str(client.base_url) == f"{api.url}/v1/"
    assert api.lookups == []


async def test_awaiting_an_async_client_looks_up_its_model(api: ModelportAPI) -> None:
    """`base_url` cannot wait; `await aconnect(…)` can, and a copy knows what its original knows."""
    async with await aconnect("qwen3", server=api.url, key=KEY) as client:
        assert str(client.base_url) == f"{api.url}/access/models/team1/"
        assert str(client.with_options(timeout=1).base_url) == f"{api.url}/access/models/team1/"
    assert len(api.lookups) == 1


def test_the_environment_names_server_and_key(
    caller: Caller, api: ModelportAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MODELPORT_URL and MODELPORT_KEY are defaults, blanks around them and all."""
    monkeypatch.setenv("MODELPORT_URL", f" {api.url}\n")
    monkeypatch.setenv("MODELPORT_KEY", KEY)
    caller.chat(caller.connect("qwen3", key=None))
    assert api.calls[0].key == f"Bearer {KEY}"
    assert ModelportOpenAI(model="qwen3").model == AsyncModelportOpenAI(model="qwen3").model == "qwen3"
    assert str(ModelportOpenAI().base_url) == f"{api.url}/v1/"


@pytest.mark.parametrize(
    "server", ["localhost:3000", "", "/ai/", "ftp://corp.example", "https://u:p@corp.example", None]
)
@pytest.mark.parametrize("short", [connect, aconnect, client_kwargs])
def test_a_server_that_cannot_be_called_is_refused_before_a_client_exists(short: Any, server: str | None) -> None:
    """CL-4: the SDK would build a client from each of these, and fail after its retries with "Connection error."."""
    with pytest.raises(ServerAddressError) as refused:
        short("qwen3", server=server)
    assert refused.value.code == "bad_base"
    assert isinstance(refused.value, openai.OpenAIError)
    assert isinstance(refused.value, ResolveError)


def test_without_anything_of_ours_the_client_is_the_sdks(monkeypatch: pytest.MonkeyPatch) -> None:
    """WRP-1: same environment, same failures."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    client = ModelportOpenAI()
    assert (client.api_key, str(client.base_url), client.model) == ("sk-planted", "http://127.0.0.1:9/v1/", None)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(openai.OpenAIError, match="OPENAI_API_KEY"):
        AsyncModelportOpenAI()


@pytest.mark.parametrize("elsewhere", [{"base_url": "http://127.0.0.1:9"}, {"workload_identity": {"x": 1}}])
def test_a_server_excludes_every_other_place_to_call(
    elsewhere: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two places for one client is a mistake, not a choice."""
    monkeypatch.setenv("MODELPORT_URL", "http://localhost:3000")
    both: tuple[dict[str, Any], ...] = ({"server": "http://localhost:3000"}, {"model": "qwen3"})
    for ours in both:
        with pytest.raises(openai.OpenAIError, match=next(iter(elsewhere))):
            ModelportOpenAI(**ours, **elsewhere)


def test_client_kwargs_are_two_plain_texts(api: ModelportAPI, gateway: ModelportAPI) -> None:
    """For libraries that make their own client; a placeholder stands where the address may not have the key."""
    assert client_kwargs("qwen3", server=api.url, key=KEY) == {
        "base_url": f"{api.url}/access/models/team1/",
        "api_key": KEY,
    }
    api.models["far"] = f"{gateway.url}/v1"
    assert client_kwargs("far", server=api.url, key=KEY) == {
        "base_url": f"{gateway.url}/v1",
        "api_key": "modelport-no-key",
    }
    assert client_kwargs("far", server=api.url, key=KEY, trusted_origins=[gateway.url])["api_key"] == KEY
    assert client_kwargs(server=api.url, key=KEY)["base_url"] == f"{api.url}/access/models/local/"


def test_client_kwargs_feed_a_plain_client(api: ModelportAPI) -> None:
    """What they are for."""
    with openai.OpenAI(**client_kwargs("qwen3", server=api.url, key=KEY), max_retries=0) as client:  # type: ignore[arg-type]  # two texts
        assert client.chat.completions.create(model="qwen3", messages=[]).choices[0].message.content == ANSWER
