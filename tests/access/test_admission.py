"""Which model of which team a call may reach, and what a caller learns from a refusal."""

from typing import Any

import pytest

from gateway.access.admission import admit, admit_unnamed, may_use, require_staying, team_of, visible_names
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import GatewayError, NotFound, PermissionDenied, Unavailable, Unprocessable
from gateway.registry.record import AliasRecord, RetiredRecord
from gateway.registry.snapshot import Snapshot
from tests.registry.records import TEAM, TIMES, build, endpoint, model, rows

TEAM_NAME = TEAM.name


def caller(team: str | None = TEAM_NAME, *models: str) -> Principal:
    """Return a developer of the team whose key is limited to the patterns."""
    return Principal("key_1", "test", Role.DEVELOPER, ROLES[Role.DEVELOPER], team, models)


def registry(*teams: str, **changes: Any) -> Snapshot:
    """Return a registry whose first team has qwen3, its alias `fast`, llama3 without endpoint, and a disabled one."""
    models = (model(), model("mdl_2", "llama3"), model("mdl_3", "old", state="disabled"))
    alias = AliasRecord(id="als_1", team_id=TEAM.id, name="fast", model_uid="mdl_1", **TIMES)
    endpoints = (endpoint(), endpoint("ep_3", "mdl_3"))
    others = tuple(TEAM._replace(id=f"team_{name}", name=name) for name in teams)
    found = rows(teams=(TEAM, *others), models=models, aliases=(alias,), endpoints=endpoints)
    return build(found._replace(**changes))


def test_the_team_in_the_path_must_be_the_keys() -> None:
    """403 whether or not the other team exists: a key of another team learns nothing."""
    told = []
    for named in ("other", "nobody"):
        with pytest.raises(PermissionDenied) as refused:
            team_of(caller(), named, registry("other"))
        told.append(f"{refused.value.message} {refused.value.hint}".replace(named, "NAME"))
    assert told[0] == told[1]
    assert team_of(caller(), TEAM_NAME, registry("other")) == TEAM_NAME


def test_an_unbound_caller_may_name_any_team_that_exists() -> None:
    """An administrator is told what exists."""
    assert team_of(caller(None), "other", registry("other")) == "other"
    with pytest.raises(NotFound) as refused:
        team_of(caller(None), "othr", registry("other"))
    assert (refused.value.code, "'other'" in str(refused.value.hint)) == ("team_not_found", True)


def test_without_a_name_the_team_is_the_keys_own() -> None:
    """Whatever other teams there are."""
    assert team_of(caller(), None, registry("default")) == TEAM_NAME


@pytest.mark.parametrize(("teams", "expected"), [((), TEAM_NAME), (("default",), "default"), (("other",), None)])
def test_without_a_name_an_unbound_caller_gets_what_resolve_says(teams: tuple[str, ...], expected: str | None) -> None:
    """`default`, or the only team; else nothing says which is meant."""
    if expected is None:
        with pytest.raises(Unprocessable) as refused:
            team_of(caller(None), None, registry(*teams))
        assert refused.value.code == "team_required"
    else:
        assert team_of(caller(None), None, registry(*teams)) == expected


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ((), ["qwen3", "fast"]),
        (("*",), ["qwen3", "fast"]),
        (("qwen*",), ["qwen3", "fast"]),
        (("fast",), ["fast"]),
        (("llama3", "gpt-*"), []),
        (("QWEN3",), []),
    ],
)
def test_a_pattern_means_a_model_or_an_alias(patterns: tuple[str, ...], names: list[str]) -> None:
    """A grant for a model opens its aliases as well; one for an alias opens the alias alone."""
    snapshot, key = registry(), caller(TEAM_NAME, *patterns)
    assert visible_names(key, TEAM_NAME, snapshot) == tuple(sorted(names))
    for name in ("qwen3", "fast"):
        if name in names:
            assert admit(key, TEAM_NAME, name, snapshot).name == "qwen3"
        else:
            with pytest.raises(NotFound):
                admit(key, TEAM_NAME, name, snapshot)


def test_did_you_mean_knows_only_visible_names() -> None:
    """Nor is the number of the others told."""
    with pytest.raises(NotFound) as refused:
        admit(caller(TEAM_NAME, "llama*"), TEAM_NAME, "qwen", registry(endpoints=(endpoint("ep_2", "mdl_2"),)))
    assert (refused.value.code, refused.value.hint) == ("model_not_found", "1 in all: GET /v1/models")
    with pytest.raises(NotFound) as refused:
        admit(caller(), TEAM_NAME, "qwen-3", registry())
    assert "did you mean 'qwen3'?" in str(refused.value.hint)


def test_a_name_of_any_length_is_quoted_in_part() -> None:
    """The refusal must not be as long as the body."""
    with pytest.raises(NotFound) as refused:
        admit(caller(), TEAM_NAME, "x" * 1_000_000, registry())
    assert len(refused.value.message) < 300


REFUSED: dict[str, tuple[str, tuple[str, ...], type[GatewayError], str]] = {
    "without endpoint": ("llama3", (), Unavailable, "no_upstream_available"),
    "disabled": ("old", (), NotFound, "model_disabled"),
    "without endpoint, and not granted": ("llama3", ("qwen3",), NotFound, "model_not_found"),
    "disabled, and not granted": ("old", ("qwen3",), NotFound, "model_not_found"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_that_cannot_answer_is_told_to_those_who_may_use_it(case: str) -> None:
    """Known but unreachable: 503 with Retry-After; disabled: 404; to everybody else neither exists."""
    name, patterns, kind, code = REFUSED[case]
    with pytest.raises(kind) as refused:
        admit(caller(TEAM_NAME, *patterns), TEAM_NAME, name, registry())
    assert refused.value.code == code
    assert ("Retry-After" in refused.value.headers) is (kind is Unavailable)


def test_a_call_without_a_model_counts_as_one_of_its_endpoints_model() -> None:
    """KEY-6: by its name or any alias; disabled models and endpoints take none."""
    snapshot = registry()
    route, place = snapshot.endpoints["ep_1"]
    assert [may_use(caller(TEAM_NAME, one), route, snapshot) for one in ("qwen3", "fast", "llama3")] == [
        True, True, False,
    ]  # fmt: skip
    assert admit_unnamed(caller(), route, place, snapshot)
    assert not admit_unnamed(caller(TEAM_NAME, "llama3"), route, place, snapshot)
    with pytest.raises(NotFound, match="disabled"):
        admit_unnamed(caller(), *snapshot.endpoints["ep_3"], snapshot)
    off = registry(endpoints=(endpoint(enabled=False),))
    with pytest.raises(Unavailable):
        admit_unnamed(caller(), *off.endpoints["ep_1"], off)


def leaving(state: str, **fields: Any) -> RetiredRecord:
    """Return what is left of qwen3."""
    return RetiredRecord("mdl_1", TEAM.id, "qwen3", state, 0, None)._replace(**fields)


@pytest.mark.parametrize("state", ["draining", "deleted"])
def test_a_model_that_leaves_is_told_to_those_who_could_call_it(state: str) -> None:
    """By its name and by the alias that went with it; to everybody else neither is known."""
    models = (model(state=state),) if state == "draining" else ()
    snapshot = registry(models=models, endpoints=(), aliases=(), retired=(leaving(state, aliases=("fast",)),))
    for name, key in (("qwen3", caller()), ("fast", caller()), ("fast", caller(TEAM_NAME, "fast"))):
        with pytest.raises(NotFound) as refused:
            admit(key, TEAM_NAME, name, snapshot)
        assert refused.value.code == "model_retired"
    for name in ("qwen3", "fast"):
        with pytest.raises(NotFound) as refused:
            admit(caller(TEAM_NAME, "llama*"), TEAM_NAME, name, snapshot)
        assert refused.value.code == "model_not_found"
    assert visible_names(caller(), TEAM_NAME, snapshot) == ()


def test_a_draft_is_no_model_yet() -> None:
    """Whoever may see it on the management API: nobody calls it, by name or without."""
    snapshot = registry(models=(model(state="draft"),), endpoints=(endpoint(),))
    with pytest.raises(NotFound) as refused:
        admit(caller(), TEAM_NAME, "qwen3", snapshot)
    assert refused.value.code == "model_not_found"
    assert not admit_unnamed(caller(), *snapshot.endpoints["ep_1"], snapshot)


def test_a_draining_model_takes_no_call_that_names_none() -> None:
    """A default endpoint, or one that made an object; a key that could not use it is told nothing."""
    snapshot = registry(
        models=(model(state="draining"),), endpoints=(endpoint(),), aliases=(), retired=(leaving("draining"),)
    )
    with pytest.raises(NotFound, match="was retired on 1970-01-01"):
        admit_unnamed(caller(), *snapshot.endpoints["ep_1"], snapshot)
    assert not admit_unnamed(caller(TEAM_NAME, "llama3"), *snapshot.endpoints["ep_1"], snapshot)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"models": (model(state="draining"),), "retired": (leaving("draining"),)}, "model_retired"),
        ({"models": (), "endpoints": (), "aliases": (), "retired": (leaving("deleted"),)}, "model_retired"),
        ({"models": (), "endpoints": (), "aliases": ()}, "model_not_found"),
    ],
    ids=["it stays", "it drains", "it is deleted", "it is purged"],
)
def test_a_call_that_was_admitted_before_the_model_left_is_refused_all_the_same(
    changes: dict[str, Any], code: str | None
) -> None:
    """It has sent nothing yet, and would be counted by nobody (lifecycle.md section 8)."""
    admitted = admit(caller(), TEAM_NAME, "qwen3", registry())
    now = registry(**changes)
    if code is None:
        require_staying(caller(), admitted, "qwen3", now)
        return
    with pytest.raises(NotFound) as refused:
        require_staying(caller(), admitted, "qwen3", now)
    assert refused.value.code == code


def test_a_wrong_name_among_very_many_is_not_compared_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who invents names keeps nobody waiting; how many there are is not said where they were not counted."""
    monkeypatch.setattr("gateway.access.admission.MAX_READ", 1)
    with pytest.raises(NotFound) as refused:
        admit(caller(), TEAM_NAME, "qwen4", registry())
    assert refused.value.hint == "did you mean 'qwen3'? GET /v1/models lists them all"
