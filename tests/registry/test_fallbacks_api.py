"""The models that take over for a model, over the API and in the snapshot, on both databases."""

from typing import Any

import pytest

from gateway.registry.service.registry_service import RegistryService
from tests.registry.api import Api


async def _make(api: Api, name: str, *fallbacks: str, **more: Any) -> Any:
    return await api.make("/models", name=name, fallbacks=list(fallbacks), **more)


async def test_they_are_set_shown_and_changed(api: Api, service: RegistryService) -> None:
    """By name or uid, in their order; the whole list each time."""
    first, second = await _make(api, "first"), await _make(api, "second")
    model = await _make(api, "model", "second", first["uid"])
    assert model["fallbacks"] == ["second", "first"]
    assert service.registry.snapshot.by_uid[model["uid"]].fallbacks == (second["uid"], first["uid"])
    answer = await api.patch(f"/models/{model['uid']}", {"fallbacks": ["first"]}, If_Match=model["etag"])
    assert answer.json["fallbacks"] == ["first"]
    assert answer.etag != model["etag"]
    assert service.registry.snapshot.by_uid[model["uid"]].fallbacks == (first["uid"],)
    assert (await api.patch(f"/models/{model['uid']}", {"fallbacks": []})).json["fallbacks"] == []
    assert service.registry.snapshot.by_uid[model["uid"]].fallbacks == ()


async def test_the_same_list_is_no_change(api: Api) -> None:
    """No new revision, so that nobody's ETag is spent for nothing."""
    await _make(api, "first")
    model = await _make(api, "model", "first")
    answer = await api.patch(f"/models/{model['uid']}", {"fallbacks": ["first"]})
    assert (answer.status, answer.json["etag"]) == (200, model["etag"])


async def test_what_is_not_named_stays(api: Api) -> None:
    """A patch of something else leaves the list alone."""
    await _make(api, "first")
    model = await _make(api, "model", "first")
    assert (await api.patch(f"/models/{model['uid']}", {"description": "x"})).json["fallbacks"] == ["first"]


async def test_a_renamed_fallback_is_shown_by_its_name(api: Api) -> None:
    """And whoever shows it has a new ETag."""
    first = await _make(api, "first")
    model = await _make(api, "model", "first")
    await api.patch(f"/models/{first['uid']}", {"name": "renamed"})
    shown = await api.get(f"/models/{model['uid']}")
    assert shown.json["fallbacks"] == ["renamed"]
    assert shown.etag != model["etag"]


@pytest.mark.parametrize(
    ("wanted", "status", "code", "said"),
    [
        (["model"], 422, "bad_fallback", "cannot take over for itself"),
        (["first", "first"], 422, "bad_fallback", "'first' is named twice"),
        (["third"], 422, "bad_fallback", "'model' would fall back to itself: 'model', 'third', 'second', 'model'"),
        (["nobody"], 404, "model_not_found", "nobody"),
        (["elsewhere"], 404, "model_not_found", "elsewhere"),
        ([f"m{number}" for number in range(9)], 422, "validation_failed", "at most 8"),
    ],
)
async def test_what_makes_no_sense_is_refused(api: Api, wanted: list[str], status: int, code: str, said: str) -> None:
    """One sentence, and nothing is changed."""
    model = await _make(api, "model")
    await _make(api, "first")
    await _make(api, "second", "model")
    await _make(api, "third", "first", "second")
    await api.make("/teams", name="research")
    await _make(api, "elsewhere", team="research")
    answer = await api.patch(f"/models/{model['uid']}", {"fallbacks": wanted})
    assert (answer.status, answer.json["code"]) == (status, code), answer.json
    assert said in str(answer.json)
    assert (await api.get(f"/models/{model['uid']}")).json["etag"] == model["etag"]


async def test_a_refused_model_is_not_made(api: Api) -> None:
    """With its fallbacks or not at all."""
    answer = await api.post("/models", {"name": "model", "fallbacks": ["nobody"]})
    assert (answer.status, answer.json["code"]) == (404, "model_not_found")
    assert (await api.get("/models")).json["items"] == []


async def test_a_fallback_that_is_deleted_is_gone_from_the_list(api: Api, service: RegistryService) -> None:
    """With references=cascade, in the view and in the snapshot alike; a restore brings it back to its place."""
    first, second = await _make(api, "first"), await _make(api, "second")
    model = await _make(api, "model", "first", "second")
    gone = await api.delete(f"/models/{first['uid']}?references=cascade", If_Match=first["etag"])
    assert gone.status == 200, gone.json
    assert service.registry.snapshot.by_uid[model["uid"]].fallbacks == (second["uid"],)
    assert (await api.get(f"/models/{model['uid']}")).json["fallbacks"] == ["second"]
    back = await api.post(f"/models/{first['uid']}/undelete", {"activate": True})
    assert back.status == 200, back.json
    assert (await api.get(f"/models/{model['uid']}")).json["fallbacks"] == ["first", "second"]
    assert service.registry.snapshot.by_uid[model["uid"]].fallbacks == (first["uid"], second["uid"])
