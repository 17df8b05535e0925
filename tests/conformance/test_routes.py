"""PRX-25 to PRX-28, clients.md section 3: which paths are served, in all their forms, and what others get."""

import pytest

from tests.conformance.case import CHAT
from tests.conformance.expect import openai_error, refused
from tests.conformance.target import Target
from tests.conformance.wire import request_bytes


@pytest.mark.parametrize("path", [CHAT, CHAT + "/"])
async def test_both_slash_forms_of_a_post_are_served(target: Target, path: str) -> None:
    """PRX-25: never a redirect."""
    case = await target.case()
    assert (await case.post(path=path)).status == 200
    await case.only()


@pytest.mark.parametrize("path", ["/models", "/models/"])
async def test_both_slash_forms_of_a_get_are_served(target: Target, path: str) -> None:
    """PRX-25: so it is for lists."""
    reply = await target.call("GET", path)
    assert reply.status == 200
    assert reply.json()["object"] == "list"


async def test_a_double_slash_is_refused_with_a_hint(target: Target) -> None:
    """PRX-26: JSON 404, nothing forwarded, and the hint says what to write."""
    case = await target.case()
    body = case.body()
    for path in (
        "//v1" + CHAT,
        "/" + target.path + CHAT,
        target.path + "/" + CHAT,
        target.path + "//chat//completions",
    ):
        async with await target.connect() as wire:
            wire.send_soon(request_bytes("POST", path, target.headers(body), body))
            error = refused(await wire.answer(), 404, "not_found")
        assert error.get("hint"), f"no hint for {path}"
    assert await case.seen() == []


@pytest.mark.parametrize("path", ["/v1/v1" + CHAT, "/v1/v1/models"])
async def test_a_second_v1_is_refused_with_a_hint(target: Target, path: str) -> None:
    """CL-2 CMP-22: one segment is taken off, not two."""
    case = await target.case()
    prefix = target.path.removesuffix("/v1")
    method, body = ("GET", b"") if path.endswith("models") else ("POST", case.body())
    async with await target.connect() as wire:
        wire.send_soon(request_bytes(method, prefix + path, target.headers(body), body))
        error = refused(await wire.answer(), 404, "not_found")
    assert "v1" in error["hint"]
    assert await case.seen() == []


@pytest.mark.parametrize(
    "path",
    [
        "/unknown",
        "/chat",
        "/chat/completions/x/messages/y",
        "/chat/../models/x/y",
        "/%2e%2e/admin",
        "/engines/x/completions",
        "/chat%2Fcompletions",
        "/..%2f..%2fmetrics",
        "/CHAT/COMPLETIONS",
    ],
)
async def test_an_unknown_path_is_refused_and_not_forwarded(target: Target, path: str) -> None:
    """PRX-28 RES-6: the table of operations is fixed; the client's path never reaches an upstream."""
    case = await target.case()
    reply = await case.post(path=path)
    assert reply.status in {404, 405}
    openai_error(reply)
    assert await case.seen() == []


@pytest.mark.parametrize(("method", "path"), [("GET", CHAT), ("DELETE", CHAT), ("PUT", CHAT), ("POST", "/models")])
async def test_a_wrong_method_names_the_right_ones(target: Target, method: str, path: str) -> None:
    """PRX-28: 405 with `Allow`, in the OpenAI shape."""
    reply = await target.call(method, path)
    refused(reply, 405, "method_not_allowed")
    allowed = {word.strip() for word in (reply.get("allow") or "").split(",")}
    assert ("POST" if path == CHAT else "GET") in allowed


async def test_an_unknown_model_is_a_404_that_names_it(target: Target) -> None:
    """PRX-28: `model_not_found`, param `model`, nothing forwarded."""
    case = await target.case()
    reply = await case.post(case.body().replace(case.model.encode(), b"no-such-model", 1))
    error = refused(reply, 404, "model_not_found")
    assert error["param"] == "model"
    assert "no-such-model" in error["message"]
    assert await case.seen() == []


async def test_a_mistyped_model_gets_the_nearest_name(target: Target) -> None:
    """PRX-28 section 7: did you mean."""
    case = await target.case()
    typo = case.model[:-1] + ("x" if case.model[-1] != "x" else "y")
    reply = await case.post(case.body(model=typo))
    assert refused(reply, 404, "model_not_found")["hint"]


async def test_head_is_get_without_a_body(target: Target) -> None:
    """PRX-27: same status, same headers."""
    got, headed = await target.call("GET", "/models"), await target.call("HEAD", "/models")
    assert headed.status == got.status == 200
    assert headed.get("content-type") == got.get("content-type")
    assert headed.get("content-length") == got.get("content-length")


async def test_cors_is_off_unless_origins_are_listed(target: Target) -> None:
    """PRX-27: no Access-Control-* for a page that was not invited, on a call nor on its preflight."""
    asked = target.headers(b"", Origin="http://page.example", Access_Control_Request_Method="POST")
    for method, path in (("GET", "/models"), ("OPTIONS", CHAT)):
        reply = await target.call(method, path, b"", asked)
        assert not {name for name in reply.head.names() if name.startswith("access-control-")}
        assert reply.status < 500


async def test_the_list_of_models_names_the_model(target: Target) -> None:
    """PRX-28 design: the list is ours and honest; an entry is what the list says."""
    case = await target.case()
    listed = (await target.call("GET", "/models")).json()
    entry = next(entry for entry in listed["data"] if entry["id"] == case.model)
    assert entry["object"] == "model"
    one = await target.call("GET", f"/models/{case.model}")
    assert (one.status, one.json()) == (200, entry)


async def test_an_unknown_entry_of_the_list_is_a_404(target: Target) -> None:
    """PRX-28: with the OpenAI shape."""
    refused(await target.call("GET", "/models/no-such-model"), 404, "model_not_found")


async def test_a_query_is_not_a_way_to_choose_anything(target: Target) -> None:
    """KEY-8 principle 4: a key, address or model in the query changes nothing."""
    case = await target.case()
    reply = await case.post(path=CHAT + "?model=other&base_url=http://evil.example&api_key=x")
    assert reply.status in {200, 400, 401}
    for seen in await case.seen():
        assert seen.target.partition("?")[0] == "/v1" + CHAT
        assert "api_key" not in seen.target


PASSED = [
    "/completions",
    "/responses",
    "/embeddings",
    "/moderations",
    "/images/generations",
    "/audio/speech",
    "/rerank",
]


@pytest.mark.parametrize("path", PASSED)
async def test_every_json_operation_reaches_the_same_path_upstream(target: Target, path: str) -> None:
    """Design, HTTP surface: the suffix below the upstream's base_url comes from the table."""
    case = await target.case()
    assert (await case.post(path=path)).status == 200
    assert (await case.only()).target == "/v1" + path
