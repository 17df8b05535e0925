"""Calls that name no model go where their object lives, else to the team's default endpoint, else nowhere."""

import json
from typing import Any

import pytest

from tests.conformance.case import Case
from tests.conformance.conftest import Serve
from tests.conformance.expect import openai_error
from tests.conformance.modelport import Modelport, UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.wire import Answer
from tests.fakes.script import Script, answer, head


def _at(target: Target, path: str) -> tuple[str, ...]:
    """Return an upstream address with a path of its own, by which the test knows the endpoint again."""
    return (f"http://127.0.0.1:{target.upstream_port}/{path}/v1",)


async def _stored(target: Target, path: str = "alpha") -> Case:
    """Make a stored response; its id carries the case's marker."""
    case = await target.case(base_urls=_at(target, path))
    await target.upstream.script(case.marker, answer(200, json.dumps({"id": f"resp-{case.marker}"}).encode()))
    assert (await case.post(path="/responses")).status == 200
    return case


async def _get(target: Target, path: str) -> Answer:
    return await target.call("GET", path)


@pytest.mark.parametrize(
    ("method", "suffix"), [("GET", ""), ("GET", "/input_items"), ("POST", "/cancel"), ("DELETE", "")]
)
async def test_a_stored_response_is_asked_for_where_it_was_made(target: Target, method: str, suffix: str) -> None:
    """The id leads to the endpoint that made it; no model is named."""
    case = await _stored(target)
    path = f"/responses/resp-{case.marker}{suffix}"
    assert (await target.call(method, path)).status == 200
    assert [seen.target for seen in await case.seen()] == ["/alpha/v1/responses", f"/alpha/v1{path}"]


async def test_a_query_of_a_stored_object_passes(target: Target) -> None:
    """PRX-33: arrays in the query keep their bytes (clients.md section 2)."""
    case = await _stored(target)
    query = "?include%5B%5D=a&starting_after=3&empty="
    await _get(target, f"/responses/resp-{case.marker}{query}")
    assert (await case.seen())[-1].target.endswith(query)


async def test_an_answer_without_body_passes(target: Target) -> None:
    """PRX-10: 204 has neither body nor length."""
    case = await _stored(target)
    await target.upstream.script(case.marker, Script().raw(head(204, {})))
    reply = await target.call("POST", f"/responses/resp-{case.marker}/cancel")
    assert (reply.status, reply.body) == (204, b"")


async def test_a_deleted_object_is_forgotten(target: Target) -> None:
    """After a delete the id is unknown again."""
    case = await _stored(target)
    await target.call("DELETE", f"/responses/resp-{case.marker}")
    assert (await _get(target, f"/responses/resp-{case.marker}")).status == 404


async def test_an_unknown_object_is_a_404_with_a_hint(target: Target) -> None:
    """Without a default endpoint nobody is asked."""
    reply = await _get(target, "/responses/resp-unknown")
    assert reply.status == 404
    assert openai_error(reply)["hint"]


async def test_an_object_is_remembered_across_a_restart(serve: Serve, upstream: UpstreamProcess) -> None:
    """The place of an object is stored, not only held."""
    with serve() as first:
        case = await _stored(first.target(upstream), "beta")
    with serve(again=first) as second:
        assert (await _get(second.target(upstream), f"/responses/resp-{case.marker}")).status == 200
    assert (await case.seen())[-1].target.startswith("/beta/")


async def test_calls_without_model_or_object_go_to_the_teams_default(serve: Serve, upstream: UpstreamProcess) -> None:
    """Uploads and lists of files and batches: the default endpoint of the team for that operation, else 404."""
    with serve() as server:
        target = server.target(upstream, path="access/models/default")
        form = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n%s\r\n--b--\r\n'
        case = await target.case(base_urls=_at(target, "gamma"))
        body = form % case.marker.encode()

        async def upload() -> Answer:
            return await case.post(body, path="/files", Content_Type="multipart/form-data; boundary=b")

        before = await upload()
        assert before.status == 404
        assert openai_error(before)["hint"]
        await _make_default(server, case.model, "files")
        assert (await upload()).status == 200
        await target.upstream.script(case.marker, answer(200, b'{"object":"list","data":[],"has_more":false}'))
        assert (await _get(target, f"/files?after={case.marker}")).status == 200
    assert [seen.target.partition("?")[0] for seen in await case.seen()] == ["/gamma/v1/files"] * 2


async def test_a_batch_goes_where_its_file_lies(target: Target, modelport: Modelport) -> None:
    """The body's `input_file_id` leads to the endpoint."""
    case = await target.case(base_urls=_at(target, "delta"))
    await _make_default(modelport, case.model, "files")
    file_id = f"file-{case.marker}"
    await target.upstream.script(case.marker, answer(200, json.dumps({"id": file_id}).encode()))
    form = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n%s\r\n--b--\r\n' % case.marker.encode()
    assert (await case.post(form, path="/files", Content_Type="multipart/form-data; boundary=b")).status == 200
    batch = json.dumps({"input_file_id": file_id, "endpoint": "/v1/chat/completions"}).encode()
    assert (await case.post(batch, path="/batches")).status == 200
    assert (await case.seen())[-1].target == "/delta/v1/batches"
    assert (await case.seen())[-1].start == batch


async def _make_default(server: Modelport, model: str, group: str) -> None:
    models: dict[str, Any] = await server.management.get(f"/models?name={model}")
    endpoint = models["items"][0]["endpoints"][0]["id"]
    team = (await server.management.get("/teams?name=default"))["items"][0]["id"]
    await server.management.call("PATCH", f"/teams/{team}", {"default_endpoints": {group: endpoint}})
