"""Endpoints that a configuration file declares: in force at once, checked once in the background."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.app.caller import Caller, until
from tests.app.conftest import caller, process_settings
from tests.declared.conftest import house
from tests.declared.house import QUIET, House, Living
from tests.preflight.server import Asked, answering, chat, error, listing, said, serving

__all__ = ["caller", "house", "process_settings"]

MODEL = "health: {{interval_s: 3600}}\nmodels:\n  {name}:\n    endpoints: [{{base_url: '{url}'{more}}}]\n"
DEAD = "http://127.0.0.1:9/v1"


def _file(url: str, name: str = "qwen3", more: str = "") -> str:
    return MODEL.format(name=name, url=url, more=more)


async def _health(admin: Caller, state: str) -> str | None:
    """Wait until the only model is in this state, and return its last error."""

    async def holds() -> bool:
        return bool((await admin.show("api/v1/models"))["items"][0]["health"] == state)

    await until(holds, within_s=30)
    error: str | None = (await admin.show("api/v1/models"))["items"][0]["last_error"]
    return error


async def _idle(product: House) -> None:
    """Wait until nothing of ours is being checked."""

    async def holds() -> bool:
        running = {task.get_name() for task in product.inside.ground.tasks._running}
        return "check the endpoints of the configuration file" not in running

    await until(holds, within_s=30)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Give what the log says of checks, however quiet the product is."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, ear = logging.getLogger("modelport.preflight"), Ear()
    logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    yield lines
    logger.removeHandler(ear)
    logger.setLevel(logging.NOTSET)


async def test_an_upstream_that_is_away_is_told_and_stops_nothing(house: Living, heard: list[str]) -> None:
    """The start succeeds; a line of the log and the model's health say what a caller would meet."""
    async with house(_file(DEAD)) as product:
        assert await _health(product.admin, "unhealthy") == "nothing listens on 127.0.0.1:9"
        await _idle(product)
    told = (
        "the model 'qwen3' of the configuration file would not work at http://127.0.0.1:9/v1: nothing listens on"
        " 127.0.0.1:9; start it, or check the port: 11434 Ollama, 8000 vLLM, 8080 llama.cpp, 1234 LM Studio"
        " (modelport check qwen3 --live)"
    )
    assert heard == [told]


async def test_what_a_call_alone_shows_is_found(house: Living) -> None:
    """The list was in order; the smallest call is not."""
    refused = error(404, "no", "model_not_found")
    async with (
        serving(answering(models=listing("qwen3"), chat_completions=refused)) as server,
        house(_file(server.url)) as product,
    ):
        told = await _health(product.admin, "unhealthy")
    assert told == "the upstream does not know the model 'qwen3'; did you mean 'qwen3'?"


async def test_no_look_takes_back_what_a_call_has_shown(house: Living) -> None:
    """The list is in order, and a call is refused: degraded with the call's error, until another call goes through."""
    answers = [error(402, "no money"), error(402, "no money"), chat()]

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0) if asked.method == "POST" else listing("qwen3"))

    async with serving(reply) as server, house(_file(server.url)) as product:
        said_so = 'the upstream\'s account has no credit: "no money"'
        assert await _health(product.admin, "unhealthy") == said_so
        rounds = product.inside.ground.checking.rounds
        rounds._followed_at = float("-inf")
        await rounds.turn()
        for place, group in rounds._groups.items():
            rounds._plan(place, group, 0.0)
        await rounds.turn()
        assert await _health(product.admin, "degraded") == said_so
        await product.admin.post("api/v1/preflight", {"model": "qwen3"})
        assert await _health(product.admin, "unhealthy") == said_so
        await product.admin.post("api/v1/preflight", {"model": "qwen3"})
        assert await _health(product.admin, "healthy") is None


async def test_it_is_called_once_and_again_when_a_call_would_differ(house: Living) -> None:
    """Not at another reading of the same file, nor for another weight; for another upstream model."""
    async with (
        serving(answering(models=listing("qwen3", "b"), chat_completions=chat())) as server,
        house(_file(server.url)) as product,
    ):
        await _health(product.admin, "healthy")
        assert len(server.calls()) == 1
        for more, calls in (("", 1), (", weight: 3", 1), (", weight: 3, upstream_model: b", 2)):
            await product.write(QUIET + _file(server.url, more=more))
            await _idle(product)
            assert len(server.calls()) == calls, more


async def test_a_server_that_loads_on_a_call_is_not_called(house: Living) -> None:
    """Fourteen declared models of an Ollama would otherwise be loaded one after the other."""

    async def ollama(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/api/version":
            writer.write(said(200, {"version": "0.11.4"}))
        else:
            await answering(models=listing("qwen3"), chat_completions=chat())(asked, writer)

    async with serving(ollama) as server, house(_file(server.url)) as product:
        await _health(product.admin, "healthy")
        await _idle(product)
        assert server.calls() == []


async def test_a_check_on_demand_is_health_as_well(house: Living) -> None:
    """Who looks after the upstream was mended sees the list right at once."""
    async with house(_file(DEAD)) as product:
        await _health(product.admin, "unhealthy")
        async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
            await product.write(QUIET + _file(server.url))
            await _idle(product)
            assert (await product.admin.post("api/v1/preflight", {"model": "qwen3"})).json["verdict"] == "pass"
            assert await _health(product.admin, "healthy") is None
        stopped = await product.admin.post("api/v1/preflight", {"model": "qwen3", "stream": True})
        assert stopped.json["verdict"] == "fail"
        assert await _health(product.admin, "unhealthy") == f"nothing listens on {server.place}"
