"""Requests that name no model go where their object was made, else to the team's default endpoint."""

import json

import pytest

from tests.dataplane.house import House, mark, refused, sent, target, told
from tests.dataplane.objects import BY_ID, EVERY, GROUPS, about, make, marker_in
from tests.fakes.script import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("kind", "method", "path"), EVERY)
async def test_a_request_by_id_goes_where_the_object_was_made(house: House, kind: str, method: str, path: str) -> None:
    """Of two endpoints the one that made it, although the team's default is the other one."""
    team = await house.team()
    caller = await house.member(team)
    far, near = await house.publish(house.far, team=team), await house.publish(house.near, team=team)
    await house.take(team, far, *GROUPS)
    object_id = await make(caller, house.far, kind, far)
    await house.take(team, near, *GROUPS)
    answered = await about(caller, method, path, object_id)
    assert answered.status == 200, answered.text
    marker = marker_in(object_id)
    assert [target(one) for one in sent(house.far, marker)] == [f"/v1/{path.format(object_id)}"]
    assert not sent(house.near, marker)


@pytest.mark.parametrize("kind", ["response", "chat.completion", "file"])
async def test_a_deleted_object_is_forgotten(house: House, kind: str) -> None:
    """Afterwards the id is one that nobody knows: it goes to the default endpoint."""
    team = await house.team()
    caller = await house.member(team)
    far, near = await house.publish(house.far, team=team), await house.publish(house.near, team=team)
    await house.take(team, far, *GROUPS)
    object_id = await make(caller, house.far, kind, far)
    await house.take(team, near, *GROUPS)
    path = BY_ID[kind][0][1]
    assert (await about(caller, "DELETE", path, object_id)).status == 200
    await about(caller, "GET", path, object_id)
    assert len(sent(house.near, marker_in(object_id))) == 1


async def test_an_object_whose_deletion_failed_is_still_known(house: House) -> None:
    """The upstream's word counts."""
    team = await house.team()
    caller, model = await house.member(team), await house.publish(house.near, team=team)
    object_id = await make(caller, house.near, "response", model)
    house.near.scripts[marker_in(object_id)] = answer(409, b'{"error":{"message":"still running"}}')
    assert (await about(caller, "DELETE", "responses/{}", object_id)).status == 409
    assert (await about(caller, "GET", "responses/{}", object_id)).status == 409


async def test_an_unknown_id_goes_to_the_default_endpoint_of_its_operation(house: House) -> None:
    """It may have been made past this gateway."""
    team, marker = await house.team(), mark()
    caller = await house.member(team)
    await house.take(team, await house.publish(house.near, team=team), "files")
    await house.take(team, await house.publish(house.far, team=team), "responses")
    assert (await caller.get(f"v1/files/file-{marker}")).status == 200
    assert (await caller.get(f"v1/responses/resp-{marker}")).status == 200
    assert [target(one) for one in sent(house.near, marker)] == [f"/v1/files/file-{marker}"]
    assert [target(one) for one in sent(house.far, marker)] == [f"/v1/responses/resp-{marker}"]


@pytest.mark.parametrize(("kind", "method", "path"), EVERY)
async def test_an_unknown_id_without_a_default_endpoint_says_how_to_set_one(
    house: House, kind: str, method: str, path: str
) -> None:
    """404 with a hint that names the operation, and no retry."""
    caller = await house.member(await house.team())
    answered = await about(caller, method, path, f"{kind}-{mark()}")
    error = refused(answered, 404, "not_found")
    group = path.partition("/{}")[0].replace("/", ".")
    assert f"{group!r}" in error["message"]
    assert "default_endpoints" in error["hint"]
    assert answered.headers["x-should-retry"] == "false"


async def test_an_object_made_at_an_endpoint_that_is_gone_goes_to_the_default(house: House) -> None:
    """The account may be the same one, under another endpoint."""
    team = await house.team()
    caller = await house.member(team)
    model = await house.ranked(house.near, house.far, team=team)
    await house.change(f"endpoints/{model.endpoints[1]}", enabled=False)
    object_id = await make(caller, house.near, "response", model)
    assert (await house.admin.call("DELETE", f"api/v1/endpoints/{model.endpoints[0]}")).status == 200
    answered = await about(caller, "GET", "responses/{}", object_id)
    refused(answered, 404, "not_found")
    await house.take(team, await house.publish(house.far, team=team), "responses")
    assert (await about(caller, "GET", "responses/{}", object_id)).status == 200
    assert len(sent(house.far, marker_in(object_id))) == 1


async def test_a_later_response_goes_where_the_earlier_one_was_made(house: House) -> None:
    """`previous_response_id` of a model with two endpoints: only the maker knows that response."""
    model = await house.ranked(house.near, house.far)
    caller = await house.member()
    await house.change(f"endpoints/{model.endpoints[0]}", enabled=False)
    object_id = await make(caller, house.far, "response", model)
    await house.change(f"endpoints/{model.endpoints[0]}", enabled=True)
    for _ in range(8):
        body = {"model": model.name, "input": "and then?", "previous_response_id": object_id}
        assert (await caller.post("v1/responses", body)).status == 200
    assert len(sent(house.far, marker_in(object_id))) == 8
    assert not sent(house.near, marker_in(object_id))


async def test_a_response_without_model_goes_where_the_earlier_one_was_made(house: House) -> None:
    """The model may come from the earlier response."""
    model, caller = await house.publish(house.far), await house.member()
    object_id = await make(caller, house.far, "response", model)
    assert (await caller.post("v1/responses", {"input": "go on", "previous_response_id": object_id})).status == 200
    assert len(sent(house.far, marker_in(object_id))) == 1


async def test_an_unknown_earlier_response_is_the_upstreams_to_judge(house: House) -> None:
    """With a model named, the call goes to one of its endpoints."""
    model, caller, marker = await house.publish(house.near), await house.member(), mark()
    body = {"model": model.name, "input": "x", "previous_response_id": f"resp_{marker}"}
    assert (await caller.post("v1/responses", body)).status == 200
    assert len(sent(house.near, marker)) == 1


async def test_a_batch_and_what_it_puts_out_live_where_its_file_is(house: House) -> None:
    """Create by `input_file_id`, poll by id; the output file is known from the moment in which the batch names it."""
    team = await house.team()
    caller = await house.member(team)
    far, near = await house.publish(house.far, team=team), await house.publish(house.near, team=team)
    await house.take(team, far, *GROUPS)
    file_id = await make(caller, house.far, "file", far)
    await house.take(team, near, *GROUPS)
    batch_id = await make(caller, house.far, "batch", far, input_file_id=file_id)
    output, errors = f"file_{mark()}", f"file_{mark()}"
    house.far.scripts[marker_in(batch_id)] = told(id=batch_id, output_file_id=output, error_file_id=errors)
    assert (await caller.get(f"v1/batches/{batch_id}")).status == 200
    for file in (output, errors):
        assert (await caller.get(f"v1/files/{file}/content")).status == 200
        assert len(sent(house.far, marker_in(file))) == 1


async def test_a_batch_is_not_routed_by_a_model_in_its_body(house: House) -> None:
    """The table says that it names none: the file decides, and the member passes as it is."""
    team = await house.team()
    caller = await house.member(team)
    near = await house.publish({"base_url": house.near.url, "upstream_model": "other"}, team=team)
    far = await house.publish(house.far, team=team)
    await house.take(team, far, *GROUPS)
    file_id = await make(caller, house.far, "file", far)
    batch = json.dumps({"input_file_id": file_id, "model": near.name}).encode()
    assert (await caller.post("v1/batches", batch)).status == 200
    assert bytes(sent(house.far, marker_in(file_id))[-1].start) == batch


async def test_reading_an_unknown_batch_claims_nothing(house: House) -> None:
    """What was made past this gateway stays nobody's: the next team may read it as well."""
    one, other, batch = await house.team(), await house.team(), f"batch_{mark()}"
    for team in (one, other):
        await house.take(team, await house.publish(house.near, team=team), *GROUPS)
    house.near.scripts[marker_in(batch)] = told(id=batch, output_file_id=f"file_{mark()}")
    for team in (one, other):
        assert (await (await house.member(team)).get(f"v1/batches/{batch}")).status == 200


async def test_each_call_about_an_object_is_in_the_books(house: House) -> None:
    """USE-1: operation, model and endpoint; no tokens, since those that it shows were counted when it was made."""
    model, caller = await house.publish(house.near), await house.member()
    object_id = await make(caller, house.near, "response", model)
    usage = {"input_tokens": 11, "output_tokens": 7}
    house.near.scripts[marker_in(object_id)] = told(id=object_id, usage=usage)
    answered = await caller.get(f"v1/responses/{object_id}")
    row = (await house.rows(answered.headers["x-request-id"]))[0]
    assert (row["operation"], row["model"], row["endpoint_id"]) == ("responses.get", model.name, model.endpoints[0])
    assert (row["source"], row["input_tokens"], row["output_tokens"]) == ("exact", 0, 0)
