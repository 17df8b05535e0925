"""A POST that is sent again makes nothing twice (lifecycle.md section 7)."""

from typing import Any

import pytest

from tests.registry.api import Api


@pytest.fixture
async def model(api: Api) -> Any:
    """Give a model for endpoints and aliases."""
    return await api.make("/models", name="qwen3")


async def test_a_repeated_call_gets_the_first_answer(api: Api, model: Any) -> None:
    """Of every noun there is one more, not two, and the answers are the same to the byte."""
    bodies: dict[str, dict[str, Any]] = {
        "/teams": {"name": "research"},
        "/gateways": {"name": "eu", "url": "https://eu.example"},
        "/models": {"name": "a", "endpoints": [{"base_url": "http://10.0.0.1/v1", "api_key": "sk-0123456789abcdef"}]},
        "/endpoints": {"model": model["uid"], "base_url": "http://10.0.0.1/v1"},
        "/aliases": {"name": "best", "model": "qwen3"},
    }
    for number, (path, body) in enumerate(bodies.items()):
        first = await api.post(path, body, Idempotency_Key=f"k{number}")
        before = len((await api.get(path)).json["items"])
        again = await api.post(path, body, Idempotency_Key=f"k{number}")
        assert (again.status, again.json, again.etag) == (201, first.json, first.etag)
        assert again.headers["Location"] == first.headers["Location"]
        assert len((await api.get(path)).json["items"]) == before


async def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    """It would be answered with something else than what it asked for."""
    await api.post("/models", {"name": "a"}, Idempotency_Key="k")
    answer = await api.post("/models", {"name": "b"}, Idempotency_Key="k")
    assert (answer.status, answer.json["code"]) == (422, "idempotency_mismatch")


async def test_a_refusal_is_not_kept(api: Api) -> None:
    """A corrected call, or one that comes when the way is free, runs under the same key."""
    taken = await api.make("/models", name="a")
    assert (await api.post("/models", {"name": "a"}, Idempotency_Key="k")).status == 409
    await api.delete(f"/models/{taken['uid']}")
    assert (await api.post("/models", {"name": "a"}, Idempotency_Key="k")).status == 201
