"""Stored objects belong to the team that made them, by id, in bodies and in lists (docs/decisions/0004, ACL-3)."""

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gateway.errors import Unavailable
from tests.dataplane.house import House, Model, chat, mark, refused, sent
from tests.dataplane.objects import EVERY, GROUPS, about, make, marker_in
from tests.dataplane.opening import opened
from tests.fakes.scenarios import completion
from tests.fakes.script import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("kind", "method", "path"), EVERY)
async def test_another_teams_object_does_not_exist(house: House, kind: str, method: str, path: str) -> None:
    """ACL-3: although the other team's default endpoint leads to the same account, nobody is asked."""
    owner, other = await house.team(), await house.team()
    model = await house.publish(house.near, team=owner)
    await house.take(owner, model, *GROUPS)
    object_id = await make(await house.member(owner), house.near, kind, model)
    await house.take(other, await house.publish(house.near, team=other), *GROUPS)
    answered = await about(await house.member(other), method, path, object_id)
    refused(answered, 404, "not_found")
    assert not sent(house.near, marker_in(object_id))


BODIES = {
    "previous_response_id": {"previous_response_id": "ID"},
    "a file in the input": {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "ID"}]}]},
    "files of a tool": {
        "tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["x", "ID"]}}]
    },
}


@pytest.mark.parametrize("fields", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
async def test_a_body_reaches_no_object_of_another_team(house: House, fields: dict[str, Any], *, escaped: bool) -> None:
    """ACL-3: in whatever spelling, nobody is asked; the owner himself passes."""
    owner, other = await house.team(), await house.team()
    mine, theirs = await house.publish(house.near, team=other), await house.publish(house.near, team=owner)
    await house.take(owner, theirs, *GROUPS)
    kind = "response" if "previous_response_id" in fields else "file"
    object_id = await make(await house.member(owner), house.near, kind, theirs)
    for team, model, status in ((other, mine, 404), (owner, theirs, 200)):
        body = _body({"model": model.name, "input": "x", **fields}, object_id, escaped=escaped)
        answered = await (await house.member(team)).post("v1/responses", body)
        assert answered.status == status, answered.text
    assert len(sent(house.near, marker_in(object_id))) == 1


def _body(fields: dict[str, Any], object_id: str, *, escaped: bool) -> bytes:
    text = json.dumps(fields).replace("ID", object_id)
    if escaped:
        for name in ("previous_response_id", "file_ids", "file_id"):
            text = text.replace(f'"{name}"', f'"\\u{ord(name[0]):04x}{name[1:]}"')
        text = text.replace(object_id, f"\\u{ord(object_id[0]):04X}{object_id[1:]}")
    return text.encode()


async def test_a_file_in_a_chat_is_not_another_teams(house: House) -> None:
    """The same for `chat/completions`, at any depth; text that talks about files is only text."""
    owner, other = await house.team(), await house.team()
    theirs, mine = await house.publish(house.near, team=owner), await house.publish(house.near, team=other)
    await house.take(owner, theirs, *GROUPS)
    file_id = await make(await house.member(owner), house.near, "file", theirs)
    caller = await house.member(other)
    part = {"type": "file", "file": {"file_id": file_id}}
    body = {"model": mine.name, "messages": [{"role": "user", "content": [part]}]}
    refused(await caller.post("v1/chat/completions", body), 404, "not_found")
    said = f'what is {{"file_id": "{file_id}"}}?'
    assert (await caller.post("v1/chat/completions", chat(mine.name, said))).status == 200


async def test_a_batch_over_another_teams_file_is_refused(house: House) -> None:
    """ACL-3: `input_file_id` is looked up before the default endpoint is."""
    owner, other = await house.team(), await house.team()
    for team in (owner, other):
        await house.take(team, await house.publish(house.near, team=team), *GROUPS)
    file_id = await make(await house.member(owner), house.near, "file", Model("", "", ()))
    batch = {"input_file_id": file_id, "endpoint": "/v1/chat/completions"}
    refused(await (await house.member(other)).post("v1/batches", batch), 404, "not_found")
    assert not sent(house.near, marker_in(file_id))


async def test_an_update_with_a_model_in_its_body_still_goes_by_the_id(house: House) -> None:
    """ACL-3: naming a model of one's own is no way around the object's owner."""
    owner, other = await house.team(), await house.team()
    theirs, mine = await house.publish(house.near, team=owner), await house.publish(house.near, team=other)
    object_id = await make(await house.member(owner), house.near, "chat.completion", theirs)
    body = {"model": mine.name, "metadata": {}}
    refused(await (await house.member(other)).post(f"v1/chat/completions/{object_id}", body), 404, "not_found")
    assert not sent(house.near, marker_in(object_id))


@pytest.mark.parametrize("noun", ["files", "batches"])
async def test_a_list_shows_nothing_of_other_teams(house: House, noun: str) -> None:
    """Whole elements are cut out; what stays keeps its bytes, and objects of nobody are shown."""
    owner, other = await house.team(), await house.team()
    for team in (owner, other):
        await house.take(team, await house.publish(house.near, team=team), *GROUPS)
    kind = {"files": "file", "batches": "batch"}[noun]
    theirs, mine = [await make(await house.member(t), house.near, kind, Model("", "", ())) for t in (owner, other)]
    query = mark()
    start, rest = '{"object": "list", "data": [', f'{{"id": "nobodys"}},\n{{"id":"{mine}"}}], "has_more": false}}'
    house.near.scripts[query] = answer(200, f'{start}{{"id":"{theirs}", "n":1.0}}, {rest}'.encode())
    shown = await (await house.member(other)).get(f"v1/{noun}?after={query}")
    assert shown.text == start + rest
    assert shown.headers["Content-Length"] == str(len(shown.body))
    assert theirs in (await (await house.member(owner)).get(f"v1/{noun}?after={query}")).text


@pytest.mark.parametrize(
    "script",
    [
        answer(200, completion()),
        answer(200, b"[]"),
        answer(200, b'{"data":[{"name":"x"}]}'),
        answer(200, b"no JSON"),
        answer(200, b'{"data":[],"data":[]}'),
        answer(200, b"data: {}\n\n", {"Content-Type": "text/event-stream"}),
        answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}),
    ],
    ids=["no data", "an array", "no id", "no JSON", "two lists", "a stream", "compressed"],
)
async def test_a_list_that_cannot_be_read_is_not_shown(house: House, script: Any) -> None:
    """Nobody knows whose objects it shows."""
    team, query = await house.team(), mark()
    await house.take(team, await house.publish(house.near, team=team), *GROUPS)
    house.near.scripts[query] = script
    caller = (await house.member(team)).having(Accept_Encoding="gzip")
    refused(await caller.get(f"v1/files?after={query}"), 502, "upstream_bad_response")


async def test_a_refused_list_passes_as_it_is(house: House) -> None:
    """PRX-13: an error is no list."""
    team, query = await house.team(), mark()
    await house.take(team, await house.publish(house.near, team=team), *GROUPS)
    house.near.scripts[query] = answer(400, b'{"error":{"message":"bad cursor"}}')
    shown = await (await house.member(team)).get(f"v1/files?after={query}")
    assert (shown.status, shown.body) == (400, b'{"error":{"message":"bad cursor"}}')


async def test_a_key_with_a_list_of_models_reaches_objects_of_those_only(house: House) -> None:
    """KEY-6: a call that names no model counts as a call of the model whose endpoint takes it."""
    team = await house.team()
    granted, other = await house.publish(house.near, team=team), await house.publish(house.far, team=team)
    wide, narrow = await house.member(team), await house.member(team, models=[granted.name])
    visible = await make(wide, house.near, "response", granted)
    hidden = await make(wide, house.far, "response", other)
    assert (await narrow.get(f"v1/responses/{visible}")).status == 200
    refused(await narrow.get(f"v1/responses/{hidden}"), 404, "not_found")
    body = {"model": granted.name, "input": "x", "previous_response_id": hidden}
    refused(await narrow.post("v1/responses", body), 404, "not_found")
    assert (await wide.post("v1/responses", body)).status == 200
    await house.take(team, other, "files")
    refused(await narrow.get("v1/files"), 404, "not_found")
    await house.take(team, granted, "files")
    assert (await narrow.get("v1/files")).status == 200


async def test_an_alias_grants_what_its_model_made(house: House) -> None:
    """A key may name the alias instead of the model."""
    model, alias = await house.publish(house.near), mark()
    await house.admin.make("aliases", name=alias, model=model.name)
    narrow = await house.member(models=[alias])
    object_id = await make(narrow, house.near, "response", Model(alias, "", ()))
    assert (await narrow.get(f"v1/responses/{object_id}")).status == 200


async def test_a_key_with_a_list_of_models_makes_no_batches(house: House) -> None:
    """KEY-6: a batch names its models in a file, where nobody looks."""
    team = await house.team()
    model = await house.publish(house.near, team=team)
    await house.take(team, model, *GROUPS)
    narrow = await house.member(team, models=["*"])
    refused(await narrow.post("v1/batches", {"input_file_id": "file-1"}), 403, "permission_denied")


async def test_a_disabled_models_objects_rest(house: House) -> None:
    """An operator who disables a model means every call to it."""
    team = await house.team()
    caller, model = await house.member(team), await house.publish(house.near, team=team)
    await house.take(team, model, "files")
    object_id = await make(caller, house.near, "response", model)
    await house.change(f"models/{model.uid}", state="disabled")
    for path in (f"v1/responses/{object_id}", "v1/files"):
        refused(await caller.get(path), 404, "model_disabled")
    await house.change(f"models/{model.uid}", state="active")
    await house.change(f"endpoints/{model.endpoints[0]}", enabled=False)
    for path in (f"v1/responses/{object_id}", "v1/files"):
        answered = await caller.get(path)
        refused(answered, 503, "no_upstream_available")
        assert int(answered.headers["Retry-After"]) > 0


async def test_a_response_that_is_not_stored_is_not_remembered(house: House) -> None:
    """`store: false`: there is nothing to ask for."""
    team = await house.team()
    caller, model = await house.member(team), await house.publish(house.near, team=team)
    object_id = await make(caller, house.near, "response", model, store=False)
    refused(await caller.get(f"v1/responses/{object_id}"), 404, "not_found")


async def test_two_processes_know_whose_an_object_is(tmp_path: Path) -> None:
    """What was made through a gateway is its team's on the server as well, as soon as the row is written."""
    async with opened(tmp_path) as server, opened(tmp_path, before=server, role="gateway") as gateway:
        owner, other = await server.team(), await server.team()
        for team in (owner, other):
            await server.take(team, await server.publish(server.near, team=team), *GROUPS)
        mine, theirs = await server.member(owner), await server.member(other)
        await gateway.product.inside.ground.registry.reload()
        await gateway.product.inside.ground.ring.reload()
        object_id = await make(mine.at(gateway.admin.address), server.near, "file", Model("", "", ()))
        await gateway.settle()
        assert (await mine.get(f"v1/files/{object_id}")).status == 200
        refused(await theirs.get(f"v1/files/{object_id}"), 404, "not_found")
        assert len(sent(server.near, marker_in(object_id))) == 1


async def test_while_the_database_is_away_nobodys_objects_are_guessed_at(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What memory holds goes on, deleting too; an id that is not in it is a 503, for whoever asks."""
    team, other = await house.team(), await house.team()
    caller, stranger = await house.member(team), await house.member(other)
    model = await house.publish(house.near, team=team)
    await house.take(other, await house.publish(house.near, team=other), *GROUPS)
    object_id = await make(caller, house.near, "response", model)
    monkeypatch.setattr(house.product.inside.ground.database, "read", _away)
    assert (await caller.get(f"v1/responses/{object_id}")).status == 200
    for asked in (object_id, f"resp_{mark()}"):
        answered = await stranger.get(f"v1/responses/{asked}")
        assert (answered.status, "Retry-After" in answered.headers) == (503, True)
    assert (await caller.call("DELETE", f"v1/responses/{object_id}")).status == 200
    assert len(sent(house.near, marker_in(object_id))) == 2


def _away() -> NoReturn:
    raise Unavailable("the database is away", headers={"Retry-After": "1"})
