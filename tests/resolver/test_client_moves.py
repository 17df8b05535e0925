"""A model that moves is found again; how long an address is remembered."""

import json
from typing import Any

import openai
import pytest

from tests.fakes.modelport_api import ANSWER, ModelportAPI, dead_url
from tests.resolver.conftest import Caller

AGAIN = {"x-should-retry": "true", "retry-after-ms": "1"}
GONE = b'{"error": {"message": "moved", "code": "model_moved"}}'


class Clock:
    """A clock that the test turns."""

    now = 1000.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


def paths(api: ModelportAPI) -> list[str]:
    """Return the mounts that calls came to."""
    return [call.path.removesuffix("/chat/completions") for call in api.calls]


def test_an_address_is_looked_up_once_and_again_when_it_is_old(caller: Caller, api: ModelportAPI) -> None:
    """WRP-4: 60 seconds; the clock is an argument."""
    clock = Clock()
    client = caller.connect("qwen3", server=api.url, clock=clock)
    for now, lookups in ((1000.0, 1), (1059.9, 1), (1060.0, 2), (1119.0, 2)):
        clock.now = now
        caller.chat(client)
        assert len(api.lookups) == lookups


def test_the_lifetime_of_an_address_can_be_chosen(caller: Caller, api: ModelportAPI) -> None:
    """Zero asks before every call."""
    client = caller.connect("qwen3", server=api.url, route_ttl_s=0)
    caller.chat(client)
    caller.chat(client)
    assert len(api.lookups) == 2


def test_a_retry_follows_a_moved_model(caller: Caller, api: ModelportAPI) -> None:
    """WRP-5, CL-6: 404 with x-should-retry means "resolve again", and the second attempt does."""
    client = caller.connect("qwen3", server=api.url, max_retries=1)
    caller.chat(client)
    api.models["qwen3"] = "/access/models/team2/"
    api.call_answers = [(404, AGAIN, GONE)]
    assert caller.chat(client).choices[0].message.content == ANSWER
    assert paths(api) == ["/access/models/team1", "/access/models/team1", "/access/models/team2"]
    assert len(api.lookups) == 2


def test_a_retry_leaves_a_dead_gateway(caller: Caller, api: ModelportAPI) -> None:
    """WRP-5: no connection drops the route as well."""
    api.lookup_answers = [(200, {}, json.dumps({"base_url": dead_url()}).encode())]
    client = caller.connect("qwen3", server=api.url, max_retries=1)
    assert caller.chat(client).choices[0].message.content == ANSWER
    assert (len(api.lookups), paths(api)) == (2, ["/access/models/team1"])


@pytest.mark.parametrize("status", [404, 410, 421])
def test_a_plain_refusal_is_raised_and_the_next_call_asks_anew(status: int, caller: Caller, api: ModelportAPI) -> None:
    """WRP-5: whether another attempt follows is the SDK's decision; `model_retired` stays final."""
    client = caller.connect("qwen3", server=api.url, max_retries=2)
    api.call_answers = [(status, {"x-should-retry": "false"}, GONE)]
    with pytest.raises(openai.APIStatusError, match="moved"):
        caller.chat(client)
    assert len(api.calls) == 1
    api.models["qwen3"] = "/access/models/team2/"
    caller.chat(client)
    assert paths(api)[-1] == "/access/models/team2"


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500, 503])
def test_other_refusals_do_not_ask_again(status: int, caller: Caller, api: ModelportAPI) -> None:
    """A busy model has not moved."""
    client = caller.connect("qwen3", server=api.url)
    api.call_answers = [(status, {}, GONE)]
    with pytest.raises(openai.APIStatusError):
        caller.chat(client)
    caller.chat(client)
    assert len(api.lookups) == 1


def test_a_refusal_of_one_model_leaves_the_others_alone(caller: Caller, api: ModelportAPI) -> None:
    """Two models on one mount: only the route that was used is dropped."""
    api.models["llama"] = api.models["qwen3"]
    client = caller.connect(server=api.url)
    caller.chat(client, "qwen3")
    caller.chat(client, "llama")
    api.call_answers = [(404, {}, GONE)]
    with pytest.raises(openai.NotFoundError):
        caller.chat(client, "llama")
    caller.chat(client, "qwen3")
    caller.chat(client, "llama")
    assert [call.target.partition("=")[2] for call in api.lookups] == ["qwen3", "llama", "llama"]


def test_base_url_follows_the_model(caller: Caller, api: ModelportAPI) -> None:
    """With one model, `base_url` shows where the last call went."""
    clock = Clock()
    client = caller.connect("qwen3", server=api.url, clock=clock)
    caller.chat(client)
    api.models["qwen3"], clock.now = "/access/models/team2/", 2000.0
    caller.chat(client)
    assert str(client.base_url) == f"{api.url}/access/models/team2/"


def test_a_failed_look_up_is_not_remembered(caller: Caller, api: ModelportAPI) -> None:
    """A model may be published a moment later."""
    client = caller.connect(server=api.url)
    with pytest.raises(openai.NotFoundError):
        caller.chat(client, "new")
    api.models["new"] = "/access/models/team1/"
    caller.chat(client, "new")
    assert len(api.lookups) == 2


def test_a_stream_that_breaks_off_keeps_its_route(caller: Caller, api: ModelportAPI) -> None:
    """The answer had begun: the model is where it was."""
    client = caller.connect("qwen3", server=api.url)
    api.call_answers = [(200, {"Content-Type": "text/event-stream"}, b'data: {"error": {"message": "cut"}}\n\n')]
    with pytest.raises(openai.APIError, match="cut"):
        caller.chat(client, stream=True)
    caller.chat(client)
    assert len(api.lookups) == 1


def test_the_sdks_own_retries_stay(caller: Caller, api: ModelportAPI) -> None:
    """A 503 is retried at the same address, without another look-up."""
    client = caller.connect("qwen3", server=api.url, max_retries=1)
    busy: Any = (503, {"retry-after-ms": "1"}, b"{}")
    api.call_answers = [busy]
    caller.chat(client)
    assert (len(api.calls), len(api.lookups)) == (2, 1)
