"""What the stages find besides failures: warnings, proofs, and what cannot be proved."""

import asyncio
import re
from typing import Any

import pytest
from msgspec import structs
from yarl import URL

from gateway.preflight import hosted
from gateway.preflight.existence import Existence
from gateway.preflight.hosted import Hosted, hosted_at
from gateway.preflight.run import Wish
from gateway.preflight.trial import Trial
from gateway.registry.verdict import StageView, Verdict
from gateway.vault.secret import Secret
from tests.app.caller import Caller
from tests.app.conftest import admin, caller, process_settings, product, start
from tests.preflight.conftest import ADMIN, Bench, Check
from tests.preflight.server import Asked, answering, chat, error, listing, said, serving

__all__ = ["admin", "caller", "process_settings", "product", "start"]

KEY = Secret("sk-0123456789abcdef")


def words(stage: StageView) -> tuple[str, str, str, str | None]:
    """Return what a person gets to read, with the verdict."""
    return stage.verdict, stage.code, stage.message, stage.hint


async def test_the_same_endpoint_twice_is_offered(admin: Caller) -> None:
    """REG-6: a warning with the command that uses the one that is there."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        made = await admin.make("models", name="first", endpoints=[{"base_url": server.url, "upstream_model": "qwen3"}])
        report = await admin.post("api/v1/preflight", {"base_url": server.url, "model": "qwen3"})
    found = report.json["endpoints"][0]["stages"][0]
    endpoint = made["endpoints"][0]["id"]
    assert (found["verdict"], found["code"], found["hint"]) == (
        "warn",
        "duplicate",
        "use that one: modelport call first",
    )
    assert found["message"] == f"model 'first' has this address and model already (endpoint {endpoint})"


async def test_a_key_over_plain_http_in_public(bench: Bench) -> None:
    """REG-3: allowed by the setting or not, no secret goes that way unless it is forced."""
    bench.preflight._tools = structs.replace(bench.preflight._tools, allow_insecure_http=lambda: True)
    wish = Wish(team="default", base_url="http://1.1.1.1/v1", model="qwen3", key=KEY)
    report = (await bench.preflight.run(ADMIN, [wish], level="address", server="http://localhost:3000/")).endpoints[0]
    assert words(report.stages[0]) == (
        Verdict.FAIL,
        "insecure_key",
        "a key would go to http://1.1.1.1/v1 over plain http, where everybody on the way can read it",
        "use https://, or register it with force",
    )


LISTS: list[tuple[bytes, Secret | None, tuple[str, str, str, str | None]]] = [
    (
        listing("llama3.1:8b"), None,
        (
            Verdict.WARN, "not_listed",
            "the server does not list a model 'llama3.1'; did you mean 'llama3.1:8b'?",
            "give its own name for it: --upstream-model NAME",
        ),
    ),
    (
        said(403, {"error": {"message": "no"}}), KEY,
        (
            Verdict.WARN, "list_refused", "the key may not list models (403)",
            "the trial shows whether it may call them",
        ),
    ),
    (
        said(404, {"detail": "no"}), None,
        (Verdict.WARN, "no_list", "{url}/models lists no models (404)", "the trial shows whether it can be called"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "key", "expected"), LISTS, ids=["not listed", "forbidden", "no list"])
async def test_a_list_proves_nothing_by_itself(
    check: Check, answer: bytes, key: Secret | None, expected: tuple[str, str, str, str | None]
) -> None:
    """A warning: the verdict is that of a call, which goes through here."""
    async with serving(answering(models=answer, chat_completions=chat())) as server:
        report = await check(server.url, model="llama3.1", key=key)
    verdict, code, message, hint = expected
    assert words(report.stages[1]) == (verdict, code, message.format(url=server.url), hint)
    assert (report.verdict, report.stages[-1].code) == (Verdict.WARN, "answered")


async def test_without_a_name_the_only_model_is_tried(check: Check) -> None:
    """Of several none is: the check says which there are."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        assert (await check(server.url, model="")).stages[-1].code == "answered"
        assert server.calls()[0].body["model"] == "qwen3"
    async with serving(answering(models=listing("a", "b"), chat_completions=chat())) as server:
        found = (await check(server.url, model="")).stages[-1]
        assert server.calls() == []
    assert words(found) == (
        Verdict.UNPROVED,
        "no_model",
        "no model was named to try; it lists a, b",
        "name one: --model NAME",
    )


async def _tried(check: Check, *answers: bytes, task: str = "chat") -> tuple[StageView, list[dict[str, Any]]]:
    """Return what the trial found and the bodies that were sent, each answered with the next one."""
    left = iter(answers)

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(next(left) if asked.method == "POST" else listing("qwen3"))

    async with serving(reply) as server:
        report = await check(server.url, task=task, key=KEY)
        return report.stages[-1], [one.body for one in server.calls()]


async def test_the_trial_is_the_smallest_chat(check: Check) -> None:
    """c1: sixteen tokens, no stream, no temperature; what it found is evidence."""
    found, sent = await _tried(check, chat())
    messages = [{"role": "user", "content": "ping"}]
    assert sent == [{"model": "qwen3", "messages": messages, "max_tokens": 16, "stream": False}]
    assert (found.code, found.message) == ("answered", "it answered a chat call")
    assert found.evidence["tokens"] == 9


@pytest.mark.parametrize(
    ("message", "amended"),
    [
        ("use 'max_completion_tokens' instead of max_tokens", {"max_completion_tokens": 16}),
        ("Invalid max_tokens: expected a value >= 64, got 16", {"max_tokens": 64}),
        ("max_completion_tokens must be at least 32", {"max_completion_tokens": 32}),
    ],
)
async def test_a_refusal_that_says_how_is_followed_once(check: Check, message: str, amended: dict[str, int]) -> None:
    """Reasoning models want another name or more tokens."""
    found, sent = await _tried(check, error(400, message), chat())
    assert found.code == "answered"
    assert {name: value for name, value in sent[1].items() if name.startswith("max_")} == amended
    again, _ = await _tried(check, error(400, message), error(400, message))
    assert again.code == "rejected"


async def test_to_reach_the_limit_is_a_success(check: Check) -> None:
    """It worked: only the trial's own limit ended it."""
    text = "Could not finish the message because max_tokens or model output limit was reached."
    found, _ = await _tried(check, error(400, text))
    assert words(found) == (
        Verdict.PASS,
        "limit_reached",
        "it began a chat and stopped at the trial's limit of tokens",
        None,
    )


async def test_an_embedding_is_one_word(check: Check) -> None:
    """Its length is noted."""
    answer = said(200, {"data": [{"embedding": [0.1] * 768}], "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    found, sent = await _tried(check, answer, task="embeddings")
    assert sent == [{"model": "qwen3", "input": "a"}]
    assert (found.message, found.evidence["dimensions"]) == ("it answered an embeddings call with 768 numbers", 768)


@pytest.mark.parametrize("task", ["audio", "images", "rerank"])
async def test_tasks_without_a_cheap_trial_remain_unproved(check: Check, task: str) -> None:
    """c0: a call without its contents costs nothing and shows that the key passes; it says that no more is proved."""
    found, sent = await _tried(check, error(422, "input is missing"), task=task)
    assert sent == [{"model": "qwen3"}]
    assert words(found) == (
        Verdict.UNPROVED,
        "no_trial",
        f"there is no cheap trial for {task}; the key passed",
        "make a real call",
    )
    refused, _ = await _tried(check, error(401, "no"), task=task)
    assert refused.code == "key_refused"


def test_a_server_that_loads_on_a_call_is_given_two_minutes() -> None:
    """Ollama takes a minute for a large model; every other one answers in ten seconds or is ill."""
    made = [
        Trial(url=URL("http://x/v1"), model="a", task="chat", key=None, found=Existence("found", engine=name))
        for name in ("Ollama", "vLLM")
    ]
    assert [one.first_byte_s for one in made] == [120.0, 10.0]


@pytest.mark.parametrize(
    ("base_url", "name", "page"),
    [
        ("https://api.replicate.com/v1", "Replicate", "https://api.replicate.com/v1/models/meta/llama-3"),
        ("https://router.huggingface.co/v1", "Hugging Face", "https://huggingface.co/api/models/meta/llama-3"),
        (
            "https://abc.endpoints.huggingface.cloud/v1", "Hugging Face",
            "https://huggingface.co/api/models/meta/llama-3",
        ),
    ],
)  # fmt: skip
def test_hosted_providers_are_known_by_their_host(base_url: str, name: str, page: str) -> None:
    """And answer for one model; behind its name may stand who runs it."""
    host = hosted_at(URL(base_url))
    assert host is not None
    assert (host.name, str(host.page_of(URL(base_url), "meta/llama-3:fast"))) == (name, page)
    assert hosted_at(URL("https://api.replicate.com.evil.example/v1")) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(200, {"name": "llama-3"}), ("pass", "model_there", "Replicate has a model 'meta/llama-3'")),
        (said(404, {"detail": "no"}), ("warn", "model_not_there", "Replicate has no model 'meta/llama-3'")),
        (said(401, {"detail": "no"}), ("fail", "key_refused", "{place}/v1/models/meta/llama-3 refuses the key (401)")),
    ],
)
async def test_a_hosted_model_is_asked_for_by_its_name(
    check: Check, monkeypatch: pytest.MonkeyPatch, answer: bytes, expected: tuple[str, str, str]
) -> None:
    """Where nothing is listed; with the key, whose origin it is."""

    def page(url: URL, model: str) -> URL:
        return url.origin().with_path(f"/v1/models/{model}")

    monkeypatch.setattr(hosted, "HOSTED", (Hosted("Replicate", re.compile(r"127\.0\.0\.1"), page),))

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        by_path = {"/v1/models/meta/llama-3": answer, "/v1/chat/completions": chat()}
        writer.write(by_path.get(asked.path, said(404, {"detail": "Not found"})))

    async with serving(reply) as server:
        found = (await check(server.url, model="meta/llama-3", key=KEY)).stages[1]
        asked = [one for one in server.asked if one.path.endswith("llama-3")]
    verdict, code, message = expected
    assert (found.verdict, found.code, found.message) == (
        verdict,
        code,
        message.format(place=server.url.removesuffix("/v1")),
    )
    assert [one.headers["authorization"] for one in asked] == [f"Bearer {KEY.reveal()}"]
