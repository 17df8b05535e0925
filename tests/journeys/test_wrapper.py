"""One client program that knows model names only: which model goes through the gateway, it cannot tell."""

import dataclasses
from collections.abc import Callable

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from resolver.client import AsyncModelportOpenAI, ModelportOpenAI, client_kwargs, connect
from tests.conformance.modelport import Modelport
from tests.journeys import servers
from tests.journeys.conftest import Places, installed
from tests.journeys.test_clients import check, said, visit

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
TOKENS = 8


@pytest.mark.parametrize("upstream", ["scripted", "llama"])
def test_one_program_calls_models_on_both_sides(
    upstream: str, server: Modelport, places_of: Callable[[str], Places]
) -> None:
    """Design, the address rule: one team, one model through the gateway and one on the server, one client object."""
    on_server, through_gateway, _ = places_of(upstream)
    with ModelportOpenAI(server=server.origin, api_key=on_server.key) as client:
        for model in (on_server.model, through_gateway.model):
            plain = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=TOKENS)
            assert plain.choices[0].message.content
            stream = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=TOKENS, stream=True)
            assert len([chunk.choices[0].delta.content for chunk in stream if chunk.choices]) > 1


@pytest.mark.parametrize("upstream", ["scripted", "llama"])
async def test_so_does_an_async_program(upstream: str, server: Modelport, places_of: Callable[[str], Places]) -> None:
    """The same for asyncio."""
    on_server, through_gateway, _ = places_of(upstream)
    async with AsyncModelportOpenAI(server=server.origin, api_key=on_server.key) as client:
        for model in (on_server.model, through_gateway.model):
            stream = await client.chat.completions.create(
                model=model, messages=MESSAGES, max_tokens=TOKENS, stream=True
            )
            assert len([chunk.choices[0].delta.content async for chunk in stream if chunk.choices]) > 1


def test_a_connected_client_knows_the_published_address(server: Modelport, places_of: Callable[[str], Places]) -> None:
    """`connect` gives the gateway's full address for one and the server's resolved path for the other."""
    on_server, through_gateway, _ = places_of("scripted")
    for place in (on_server, through_gateway):
        client = connect(place.model, server=server.origin, key=place.key)
        assert str(client.base_url).rstrip("/") == place.urls[0].rstrip("/")
        assert client.embeddings.create(model=place.model, input="hello", encoding_format="float").data


def test_a_mounted_server_is_asked_below_its_prefix(mounted: Modelport, places_of: Callable[[str], Places]) -> None:
    """`server` is the address with the prefix; nothing beside it is called."""
    place = places_of("scripted")[2]
    client = connect(place.model, server=f"{mounted.origin}{mounted.mount}", key=place.key)
    reply = client.chat.completions.create(model=place.model, messages=MESSAGES)
    assert reply.choices[0].message.content
    assert "/ai/" in str(client.base_url)


@pytest.mark.parametrize("library", ["langchain", "llama-index", "pydantic-ai", "instructor", "huggingface_hub"])
def test_client_kwargs_are_what_other_libraries_want(
    library: str, server: Modelport, places_of: Callable[[str], Places]
) -> None:
    """Clients.md 4: two plain texts feed them all, whether the model is on the server or behind the gateway."""
    for place in places_of("aimock")[:2]:
        wanted = client_kwargs(place.model, server=server.origin, key=place.key)
        fed = dataclasses.replace(place, urls=(wanted["base_url"],), key=wanted["api_key"])
        for url, steps in visit(library, (fed,)).items():
            check(steps, fed, f"{library} at {url}")


def test_instructor_takes_our_client_for_the_sdks(server: Modelport, places_of: Callable[[str], Places]) -> None:
    """It asks isinstance; each model is then found by its name, and its answer is filled into a class."""
    on_server, through_gateway, _ = places_of("aimock")
    models = (on_server.model, through_gateway.model)
    program = (str(installed("instructor")), "-m", "tests.journeys.clients.instructor_wrapper")
    assert said(*program, server.origin, on_server.key, *models) == dict.fromkeys(models, servers.AIMOCK_NAME)


def test_every_answer_names_its_request(server: Modelport, places_of: Callable[[str], Places]) -> None:
    """CL-12: completions, refusals of the data plane and refused look-ups alike."""
    place = places_of("scripted")[0]
    plain = openai.OpenAI(base_url=place.urls[0], api_key=place.key, max_retries=0)
    with plain, connect(server=server.origin, key=place.key, max_retries=0) as client:
        ids = [client.chat.completions.create(model=place.model, messages=MESSAGES)._request_id]
        for asked in (plain, client):
            with pytest.raises(openai.NotFoundError, match=place.model) as refused:
                asked.chat.completions.create(model=f"{place.model}x", messages=MESSAGES)
            ids.append(refused.value.request_id)
    assert len({*ids} - {None}) == len(ids)
