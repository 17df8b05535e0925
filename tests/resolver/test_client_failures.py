"""Every failure is the SDK's own exception, in words that help (WRP-6, WRP-8, CL-5)."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from resolver import client_kwargs, connect
from tests.fakes.modelport_api import ModelportAPI, dead_url
from tests.resolver.conftest import KEY, Caller


def test_an_unknown_model_is_not_found_with_names_that_come_close(caller: Caller, api: ModelportAPI) -> None:
    """NotFoundError with did-you-mean; the problem's own fields stay readable."""
    with pytest.raises(openai.NotFoundError) as refused:
        caller.chat(caller.connect(server=api.url), "qwen")
    assert str(refused.value) == 'model "qwen" is not published; did you mean qwen3?'
    assert (refused.value.code, refused.value.status_code) == ("model_not_found", 404)
    assert refused.value.body["did_you_mean"] == ["qwen3"]  # type: ignore[index]  # the problem document
    assert api.calls == []


def test_a_hint_that_names_them_already_is_not_repeated(caller: Caller, api: ModelportAPI) -> None:
    """The server may put the names into its sentence."""
    problem = {"detail": 'no model "q"', "hint": "did you mean qwen3?", "did_you_mean": ["qwen3"], "status": 404}
    api.lookup_answers = [(404, {}, json.dumps(problem).encode())]
    with pytest.raises(openai.NotFoundError, match=r'^no model "q"; did you mean qwen3\?$'):
        caller.chat(caller.connect(server=api.url), "q")


def test_a_retired_model_is_not_found_with_its_successor(caller: Caller, api: ModelportAPI) -> None:
    """The server's sentence, once: no other name is asked about, and nothing is called."""
    said = "model 'old' was retired on 2026-11-20; use 'qwen3'"
    problem = {"detail": said, "code": "model_retired", "status": 404, "successor": "qwen3", "retired_at": 1795132800}
    api.lookup_answers = [(404, {"x-should-retry": "false"}, json.dumps(problem).encode())]
    with pytest.raises(openai.NotFoundError) as refused:
        caller.chat(caller.connect(server=api.url), "old")
    assert (str(refused.value), refused.value.code) == (said, "model_retired")
    assert api.calls == []


def test_a_bad_key_is_an_authentication_error(caller: Caller, api: ModelportAPI) -> None:
    """With the server's hint."""
    with pytest.raises(openai.AuthenticationError, match="modelport keys create"):
        caller.chat(caller.connect("qwen3", server=api.url, key="mp_wrong"))


def test_no_server_is_a_connection_error_that_names_it(caller: Caller) -> None:
    """Not the bare "Connection error." of the SDK, and nothing of yarl or aiohttp."""
    server = dead_url()
    with pytest.raises(openai.APIConnectionError, match=server):
        caller.chat(caller.connect("qwen3", server=server))


def test_a_server_that_does_not_answer_in_time_is_a_timeout(caller: Caller, api: ModelportAPI) -> None:
    """The client's own time limit holds for look-ups."""
    api.gate.clear()
    with pytest.raises(openai.APITimeoutError):
        caller.chat(caller.connect("qwen3", server=api.url, timeout=0.05))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"",
        b"[]",
        b"null",
        b'{"url": "http://x"}',
        b'{"base_url": 5}',
        b'{"base_url": null}',
        b"\xff",
    ],
)
def test_an_answer_that_is_no_look_up_is_told(body: bytes, caller: Caller, api: ModelportAPI) -> None:
    """Something else listens there; the SDK would raise a JSONDecodeError or give a text."""
    api.lookup_answers = [(200, {"Content-Type": "text/html"}, body)]
    with pytest.raises(openai.APIResponseValidationError, match=f"{api.url} did not answer like a modelport server"):
        caller.chat(caller.connect("qwen3", server=api.url))


@pytest.mark.parametrize("published", ["//evil.test", "", "evil.test/v1", "https://u:s3cret@evil.test", "/v1?x=1"])
def test_a_published_address_that_breaks_the_rules_is_refused(
    published: str, caller: Caller, api: ModelportAPI
) -> None:
    """WRP-10: whatever the server says, only a resolved address is called."""
    api.models["qwen3"] = published
    with pytest.raises(openai.APIResponseValidationError, match="refused by R") as refused:
        caller.chat(caller.connect("qwen3", server=api.url))
    assert "s3cret" not in str(refused.value)
    assert api.calls == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((404, {}, b"<html>no such page</html>"), "is it a modelport server"),
        ((404, {}, b'{"error": {"message": "no such route"}}'), "no such route"),
        ((500, {"x-should-retry": "false"}, b'{"title": "Internal error"}'), "Internal error"),
        ((307, {"Location": "https://elsewhere.example/"}, b""), "give the final URL as server="),
    ],
)
def test_other_answers_keep_their_class_and_say_what_to_do(
    answer: Any, told: str, caller: Caller, api: ModelportAPI
) -> None:
    """A foreign 404, a 5xx, a load balancer that redirects to https."""
    api.lookup_answers = [answer]
    with pytest.raises(openai.APIStatusError, match=told) as refused:
        caller.chat(caller.connect("qwen3", server=api.url))
    assert refused.value.status_code == answer[0]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirected_call_is_not_followed(
    status: int, caller: Caller, api: ModelportAPI, gateway: ModelportAPI
) -> None:
    """WRP-6, CL-11: neither the prompt nor an empty GET goes where nobody published."""
    api.call_answers = [(status, {"Location": f"{gateway.url}/chat/completions"}, b"")]
    with pytest.raises(openai.APIStatusError, match="publish the final URL as the model's base_url") as refused:
        caller.chat(caller.connect("qwen3", server=api.url))
    assert refused.value.status_code == status
    assert gateway.calls == []


def test_an_error_of_the_model_itself_stays_as_it_is(caller: Caller, api: ModelportAPI) -> None:
    """The wrapper adds nothing to what it does not know better."""
    api.call_answers = [(400, {}, b'{"error": {"message": "too long", "code": "context_length_exceeded"}}')]
    with pytest.raises(openai.BadRequestError, match=r"^Error code: 400 - .*too long") as refused:
        caller.chat(caller.connect("qwen3", server=api.url))
    assert refused.value.code == "context_length_exceeded"


def test_reading_base_url_fails_like_a_call(api: ModelportAPI) -> None:
    """And the next reading asks again."""
    with connect("new", server=api.url, key=KEY, max_retries=0) as client:
        with pytest.raises(openai.NotFoundError):
            _ = client.base_url
        api.models["new"] = "/access/models/team2/"
        assert str(client.base_url).endswith("/team2/")


@pytest.mark.parametrize("ask", [client_kwargs, connect])
def test_a_look_up_without_a_call_fails_the_same_way(ask: Callable[..., Any], api: ModelportAPI) -> None:
    """`client_kwargs` closes its client on the way."""
    with pytest.raises(openai.NotFoundError, match="did you mean qwen3"):
        _ = getattr(ask("qwem", server=api.url, key=KEY), "base_url", None)
