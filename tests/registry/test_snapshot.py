"""What the hot path is told about models, aliases, endpoints and addresses."""

from dataclasses import FrozenInstanceError
from time import perf_counter

import pytest

from gateway.registry.record import AliasRecord, DefaultRecord, GatewayRecord
from gateway.registry.snapshot import Credential, EndpointRoute, Snapshot
from tests.registry.records import EU, TEAM, US, build, endpoint, model, rows, swap


def only_endpoint(snapshot: Snapshot) -> EndpointRoute:
    """Return the one endpoint of a snapshot."""
    ((_, route),) = snapshot.endpoints.values()
    return route


def test_a_model_is_found_by_name_and_by_alias() -> None:
    """An alias answers with the very same model."""
    snapshot = build(rows(aliases=(AliasRecord("als_1", TEAM.id, "best", "mdl_1", 1, 5, 5),)))
    found = snapshot.find("team1", "qwen3")
    assert found is not None
    assert snapshot.find("team1", "best") is found
    assert snapshot.names("team1") == ("qwen3", "best")
    assert snapshot.models("team1") == (found,)


def test_nothing_is_found_in_another_team() -> None:
    """Names live in their team alone (ACL-3)."""
    snapshot = build(rows(teams=(TEAM, TEAM._replace(id="team_b", name="team2"))))
    assert snapshot.find("team2", "qwen3") is None
    assert snapshot.find("nobody", "qwen3") is None
    assert (snapshot.has_team("team2"), snapshot.has_team("nobody")) == (True, False)
    assert (snapshot.models("nobody"), snapshot.names("nobody")) == ((), ())


def test_models_are_sorted_by_name() -> None:
    """Lists are stable, whatever order the rows came in."""
    snapshot = build(rows(models=(model("mdl_2", "b"), model("mdl_1", "a"))))
    assert [route.name for route in snapshot.models("team1")] == ["a", "b"]


@pytest.mark.parametrize(
    ("via", "gateway_id", "team_via", "gateways", "expected"),
    [
        pytest.param("gateway", "gw_eu", None, (EU, US), ("eu", EU.url), id="a named gateway wins"),
        pytest.param(
            "server", None, "gateway", (EU, US), (None, "/access/models/team1/"), id="server wins over defaults"
        ),
        pytest.param(None, None, "gateway", (EU, US), ("eu", EU.url), id="unset: the team's default"),
        pytest.param(None, None, "server", (EU, US), (None, "/access/models/team1/"), id="unset: the team says server"),
        pytest.param(None, None, None, (EU, US), ("us", US.url), id="unset: the default gateway"),
        pytest.param(None, None, None, (EU,), (None, "/access/models/team1/"), id="unset: no default, so the server"),
    ],
)
def test_via_decides_what_is_published(
    via: str | None,
    gateway_id: str | None,
    team_via: str | None,
    gateways: tuple[GatewayRecord, ...],
    expected: tuple[str | None, str],
) -> None:
    """A gateway's name, the server, or unset: team default, then the flagged gateway, then the server."""
    team = TEAM._replace(default_via=team_via, default_gateway_id="gw_eu" if team_via == "gateway" else None)
    snapshot = build(rows(teams=(team,), gateways=gateways, models=(model(via=via, gateway_id=gateway_id),)))
    found = snapshot.find("team1", "qwen3")
    assert found is not None
    assert (found.gateway, found.base_url) == expected
    assert found.via == ("eu" if via == "gateway" else via)


def test_a_path_of_its_own_replaces_the_teams_path() -> None:
    """`path` is published as it is, but only for a model that is called on the server."""
    on_server = build(rows(models=(model(path="/v1"),))).find("team1", "qwen3")
    behind = build(rows(gateways=(US,), models=(model(path="/v1"),))).find("team1", "qwen3")
    assert on_server is not None
    assert behind is not None
    assert (on_server.base_url, behind.base_url) == ("/v1", US.url)


def test_the_team_has_an_address_of_its_own() -> None:
    """It follows the same defaults as a model that chooses nothing."""
    team = build(rows(gateways=(US,))).team("team1")
    assert team is not None
    assert (team.gateway, team.base_url) == ("us", "https://us.example.com/ai")


def test_an_upstream_url_is_made_once_per_suffix() -> None:
    """A call concatenates nothing and parses nothing; bytes of the prefix stay (RES-6)."""
    route = only_endpoint(build(rows(endpoints=(endpoint(base_url="https://h.example/a%2Fb/v1/"),))))
    url = route.url_for("/chat/completions")
    assert str(url) == "https://h.example/a%2Fb/v1/chat/completions"
    assert route.url_for("/chat/completions") is url


def test_urls_with_ids_do_not_fill_memory() -> None:
    """Only so many suffixes are kept, however many are asked for."""
    route = only_endpoint(build(rows()))
    for number in range(1000):
        assert str(route.url_for(f"/files/{number}")).endswith(f"/v1/files/{number}")
    assert len(route._urls) == 64
    assert str(route.url_of("/files/x?a=1")) == "http://10.0.0.1:8000/v1/files/x?a=1"


def test_the_upstream_name_falls_back_to_the_models_own() -> None:
    """An endpoint without a name of its own is asked for the published one."""
    both = (endpoint("ep_1"), endpoint("ep_2", upstream_model="Qwen/Qwen3-8B"))
    found = build(rows(endpoints=both)).find("team1", "qwen3")
    assert found is not None
    assert [route.upstream_model for route in found.endpoints] == ["qwen3", "Qwen/Qwen3-8B"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"credential_ref": "env:VLLM_KEY"}, Credential("env", "VLLM_KEY", "http://10.0.0.1:8000")),
        ({"credential_ref": "file:/run/k"}, Credential("file", "/run/k", "http://10.0.0.1:8000")),
        ({"secret_id": "sec_1"}, Credential("stored", "sec_1", "http://10.0.0.1:8000")),
        ({}, None),
    ],
)
def test_a_credential_carries_its_origin(columns: dict[str, str], expected: Credential | None) -> None:
    """A secret is bound to scheme, host and port of its endpoint (EGR-7)."""
    assert only_endpoint(build(rows(endpoints=(endpoint(**columns),)))).credential == expected


def test_a_default_endpoint_is_found_by_operation() -> None:
    """Calls that name no model go to the team's default endpoint of that operation."""
    snapshot = build(rows(defaults=(DefaultRecord(TEAM.id, "files.list", "ep_1"),)))
    assert snapshot.default_endpoint("team1", "files.list") is only_endpoint(snapshot)
    assert snapshot.default_endpoint("team1", "batches.list") is None
    assert snapshot.default_endpoint("nobody", "files.list") is None


def test_an_endpoint_is_found_with_its_model() -> None:
    """Remembered objects name an endpoint alone."""
    snapshot = build(rows())
    found = snapshot.endpoint("ep_1")
    assert found == (snapshot.find("team1", "qwen3"), only_endpoint(snapshot))
    assert snapshot.endpoint("ep_9") is None


@pytest.mark.parametrize(
    ("state", "enabled", "expected"),
    [("active", True, True), ("deprecated", True, True), ("disabled", True, False), ("active", False, False)],
)
def test_a_model_is_callable_when_state_and_an_endpoint_allow_it(state: str, enabled: bool, expected: bool) -> None:
    """Lists of models are honest: only what may be tried."""
    found = build(rows(models=(model(state=state),), endpoints=(endpoint(enabled=enabled),))).find("team1", "qwen3")
    assert found is not None
    assert found.callable is expected


def test_unchanged_endpoints_keep_their_urls_over_a_reload() -> None:
    """A change elsewhere costs the hot path nothing."""
    before = build(rows(endpoints=(endpoint("ep_1"), endpoint("ep_2"))))
    url = before.endpoints["ep_1"][1].url_for("/chat/completions")
    after, closed = swap(rows(revision=8, endpoints=(endpoint("ep_1"), endpoint("ep_2", weight=3))), before)
    assert after.endpoints["ep_1"][1].url_for("/chat/completions") is url
    assert [route.id for route in closed] == ["ep_2"]


def test_a_removed_endpoint_counts_as_changed() -> None:
    """Its pooled connections must not outlive it (EGR-6)."""
    _, closed = swap(rows(endpoints=()), build(rows()))
    assert [route.id for route in closed] == ["ep_1"]


def test_a_snapshot_cannot_be_changed() -> None:
    """Coroutines share it without a lock."""
    with pytest.raises(FrozenInstanceError):
        build(rows()).revision = 9  # type: ignore[misc]  # the point of the test


def test_some_hundred_models_are_built_in_time() -> None:
    """A change reaches the hot path within 50 ms; building is a small part of that, so ten times is allowed here."""
    many = rows(
        models=tuple(model(f"mdl_{n}", f"m{n}") for n in range(500)),
        endpoints=tuple(endpoint(f"ep_{n}", f"mdl_{n // 2}") for n in range(1000)),
    )
    begun = perf_counter()
    assert len(build(many).endpoints) == 1000
    assert perf_counter() - begun < 0.5
