"""One owner for each object: the API does not change what a file declares, a file does not take what the API keeps."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.configuration.finding import ConfigurationError
from gateway.declared.reconcile import Reconciler
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.declared.files import SMALL, declared
from tests.lifecycle.house import lifecycle_routes, make_lifecycle
from tests.registry.api import Api


@pytest.fixture
async def api(service: RegistryService, database: Database, clock: ManualClock) -> AsyncIterator[Api]:
    """Give the registry's routes, and those of a model's life."""
    async with Api(service, lifecycle_routes(make_lifecycle(service, database, clock))) as started:
        yield started


async def one(api: Api, noun: str, name: str) -> Any:
    """Return the object of that name."""
    return next(view for view in (await api.get(f"/{noun}")).json["items"] if view.get("name") == name)


async def refused(reconciler: Reconciler, text: str) -> list[str]:
    """Return why a file is refused."""
    with pytest.raises(ConfigurationError) as error:
        await reconciler.apply(declared(text))
    return [str(finding) for finding in error.value.findings]


@pytest.mark.parametrize(
    ("noun", "name", "key", "line", "patch"),
    [
        ("teams", "research", "id", 3, {"description": "mine"}),
        ("gateways", "eu", "id", 5, {"url": "https://other.example.com"}),
        ("models", "qwen3", "uid", 7, {"task": "other"}),
        ("aliases", "fast", "id", 18, {"name": "quick"}),
    ],
)
async def test_what_a_file_declares_is_not_changed_over_the_api(
    noun: str, name: str, key: str, line: int, patch: Any, reconciler: Reconciler, api: Api
) -> None:
    """409 with file and line, for a change and for a deletion; the views say it beforehand."""
    await reconciler.apply(declared(SMALL))
    view = await one(api, noun, name)
    assert (view["managed_by"], view["managed_at"]) == ("file", f"modelport.yaml:{line}")
    path = f"/{noun}/{view[key]}"
    for answer in (await api.patch(path, patch), await api.delete(path)):
        assert (answer.status, answer.json["code"]) == (409, "managed_by_file")
        assert answer.json["detail"].endswith(
            f"{name!r} is declared in modelport.yaml:{line}; change it there and the server reads it again"
        )
    assert await one(api, noun, name) == view


async def test_endpoints_of_a_declared_model_are_the_files(reconciler: Reconciler, api: Api) -> None:
    """Neither changed nor deleted nor added to."""
    await reconciler.apply(declared(SMALL))
    model = await one(api, "models", "qwen3")
    endpoint = (await api.get(f"/endpoints?model={model['uid']}")).json["items"][0]
    more = {"model": model["uid"], "base_url": "http://10.0.0.9:8000/v1"}
    path = f"/endpoints/{endpoint['id']}"
    for answer in (await api.patch(path, {"weight": 2}), await api.delete(path), await api.post("/endpoints", more)):
        assert (answer.status, answer.json["code"]) == (409, "managed_by_file")


async def test_the_api_does_not_take_the_flag_from_a_declared_default(reconciler: Reconciler, api: Api) -> None:
    """A new default gateway would change the file's one."""
    await reconciler.apply(declared("gateways:\n  eu: {url: 'https://eu.example.com', is_default: true}\n"))
    answer = await api.post("/gateways", {"name": "us", "url": "https://us.example.com", "is_default": True})
    assert (answer.status, answer.json["code"]) == (409, "managed_by_file")


async def test_what_the_api_keeps_is_not_taken_over(reconciler: Reconciler, api: Api) -> None:
    """Every clash is told at once, at the line of the declaration, and nothing is changed."""
    await api.make("/teams", name="research")
    await api.make("/gateways", name="eu", url="https://kept.example.com", is_default=True)
    await api.make("/models", name="qwen3")
    await api.make("/aliases", name="fast", model="qwen3")
    lines = await refused(reconciler, SMALL)
    assert [line.partition(";")[0] for line in lines] == [
        "modelport.yaml:3: teams.research: the team 'research' is kept over the API and is not taken over",
        "modelport.yaml:5: gateways.eu: the gateway 'eu' is kept over the API and is not taken over",
        "modelport.yaml:7: models.qwen3: the model 'qwen3' is kept over the API and is not taken over",
        "modelport.yaml:18: aliases.fast: the alias 'fast' is kept over the API and is not taken over",
    ]
    lines = await refused(reconciler, "gateways:\n  us: {url: 'https://us.example.com', is_default: true}\n")
    assert "'eu', which is kept over the API, is the default already" in lines[0]
    assert (await one(api, "gateways", "eu"))["is_default"]


async def test_names_that_nobody_has_are_told_with_the_nearest(reconciler: Reconciler, api: Api) -> None:
    """Teams, gateways and models, from the file or the API; those that leave the file do not count."""
    await api.make("/models", name="llama")
    await reconciler.apply(declared("gateways:\n  old: {url: 'https://old.example.com'}\n"))
    lines = await refused(
        reconciler,
        "teams: {lab: {default_via: olt}}\n"
        "gateways: {eu: {url: 'https://eu.example.com'}}\n"
        "models:\n  a: {via: eus}\n  b: {via: old}\n  c: {team: lap}\n"
        "aliases: {x: lama, y: zzzzzz}\n",
    )
    assert [line.partition(": ")[2] for line in lines] == [
        "models.c.team: there is no team 'lap'; did you mean lab?",
        "teams.lab.default_via: there is no gateway 'olt'; declare it under `gateways`",
        "models.a.via: there is no gateway 'eus'; did you mean eu?",
        "models.b.via: there is no gateway 'old'; declare it under `gateways`",
        "aliases.x.model: there is no model 'lama'; did you mean llama?",
        "aliases.y.model: there is no model 'zzzzzz'; declare it under `models`",
    ]


async def test_what_is_still_referred_to_does_not_go(reconciler: Reconciler, api: Api) -> None:
    """An alias of the API holds a declared model; the file says why it is refused, and works again without it."""
    await reconciler.apply(declared(SMALL))
    alias = await api.make("/aliases", name="mine", model="qwen3")
    (line,) = await refused(reconciler, "models: {}\n")
    assert line == (
        "modelport.yaml:7: models: no longer declared here, but model 'qwen3' is still in use by alias 'mine' "
        "(it points at the model); "
        "change or delete these first"
    )
    assert (await one(api, "models", "qwen3"))["managed_at"] == "modelport.yaml:7"
    await api.delete(f"/aliases/{alias['id']}")
    assert "- model qwen3" in (await reconciler.apply(declared("models: {}\n"))).changes


async def test_the_first_team_is_declared_and_given_back(reconciler: Reconciler, api: Api) -> None:
    """`default` is there from the start: as it was made it may be declared; it is not deleted afterwards."""
    await reconciler.apply(declared("teams: {default: {description: ours, default_via: server}}\n"))
    team = await one(api, "teams", "default")
    assert (team["description"], team["default_via"], team["managed_by"]) == ("ours", "server", "file")
    await reconciler.apply(declared("teams: {}\n"))
    team = await one(api, "teams", "default")
    assert (team["description"], team["default_via"], team["managed_by"]) == ("", None, None)
    await api.patch(f"/teams/{team['id']}", {"description": "kept here"})
    assert "is kept over the API" in (await refused(reconciler, "teams: {default: {}}\n"))[0]


async def test_default_endpoints_name_models(reconciler: Reconciler, api: Api) -> None:
    """The first endpoint of the model; when the model goes, so does the entry, in the same change."""
    text = (
        "teams: {lab: {default_endpoints: {files: a, batches: a}}}\n"
        "models:\n  lab/a:\n    endpoints:\n    - {base_url: 'http://10.0.0.1/v1'}\n    - {base_url: 'http://10.0.0.2/v1'}\n"
    )
    await reconciler.apply(declared(text))
    team, model = await one(api, "teams", "lab"), await one(api, "models", "a")
    first = next(one["id"] for one in model["endpoints"] if one["base_url"] == "http://10.0.0.1/v1")
    assert team["default_endpoints"] == {"batches": first, "files": first}
    assert (await reconciler.apply(declared(text))).changes == ()
    outcome = await reconciler.apply(declared("teams: {lab: {}}\nmodels: {}\n"))
    assert outcome.changes == ("~ default_endpoints lab: batches, files", "- model lab/a")
    assert (await one(api, "teams", "lab"))["default_endpoints"] == {}
