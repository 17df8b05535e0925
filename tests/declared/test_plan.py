"""From what is declared and what is held to steps: pure, so every case is two values and their plan."""

from typing import TypeVar

import pytest

from gateway.declared.held import Held
from gateway.declared.plan import make_plan
from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord
from tests.declared.files import declared
from tests.registry import records
from tests.registry.records import TEAM, TIMES

Row = TypeVar("Row", ModelRecord, EndpointRecord, AliasRecord, GatewayRecord)

DEFAULT = TEAM._replace(name="default")


def own(row: Row) -> Row:
    """Return the row as one that line 1 of a file declares."""
    return row._replace(managed_by="file", managed_at="modelport.yaml:1")


def model(name: str) -> ModelRecord:
    """Return a model as a declaration without fields makes it, kept over the API."""
    return records.model(f"mdl_{name}", name, stream_usage=False)


def endpoint(key: str, url: str) -> EndpointRecord:
    """Return a declared endpoint of the model a."""
    return own(records.endpoint(key, "mdl_a", base_url=url, organization_headers=True))


def held(*models: ModelRecord, **rows: object) -> Held:
    """Return a database with these models in the team default."""
    return Held(teams={"default": DEFAULT}, models={("default", one.name): one for one in models}, **rows)  # type: ignore[arg-type]  # named rows


def steps(text: str, rows: Held) -> list[str]:
    """Return the plan's steps as people read them; nothing forbids it."""
    plan = make_plan(declared(text), rows)
    assert plan.findings == ()
    return [str(step) for step in plan.steps]


def test_what_is_as_declared_needs_no_step() -> None:
    """Neither a step nor a moved line."""
    plan = make_plan(declared("models: {a: {}}\n"), held(own(model("a"))))
    assert (plan.steps, plan.moves) == ((), ())


def test_a_line_that_moved_is_no_step() -> None:
    """The row learns its new place, and that is all."""
    plan = make_plan(declared("models:\n  a: {}\n"), held(own(model("a"))))
    assert (plan.steps, [(one.id, one.at) for one in plan.moves]) == ((), [("mdl_a", "modelport.yaml:2")])


def test_what_the_api_keeps_is_left_alone() -> None:
    """It stands in no file, so no file deletes it."""
    assert steps("models: {}\n", held(model("a"), own(model("b")))) == ["- model b"]


def test_only_fields_that_differ_are_written() -> None:
    """The step names them, for the log and `config diff`."""
    text = "models: {a: {description: new, idle_timeout_s: 5, via: server}}\n"
    assert steps(text, held(own(model("a")))) == ["~ model a: description, idle_timeout_s, via"]


def test_a_name_may_change_its_kind() -> None:
    """An alias becomes a model and the other way round, in an order in which each name is free when it is taken."""
    alias = own(AliasRecord("als_b", TEAM.id, "b", "mdl_a", **TIMES))
    rows = held(own(model("a")), aliases={("default", "b"): alias})
    assert steps("models: {b: {}}\naliases: {a: b}\n", rows) == [
        "- alias b",
        "+ model b",
        "- model a",
        "+ alias a",
    ]


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (["http://h1/v1", "http://h2/v1"], []),
        (["http://h2/v1", "http://h1/v1"], []),
        (["http://h1/v1", "http://h3/v1"], [("update", "ep_2")]),
        (["http://h2/v1"], [("delete", "ep_1")]),
        (["http://h3/v1", "http://h1/v1", "http://h2/v1"], [("create", "")]),
        ([], [("delete", "ep_1"), ("delete", "ep_2")]),
    ],
)
def test_endpoints_keep_their_ids(urls: list[str], expected: list[tuple[str, str]]) -> None:
    """By address, in whatever order; one that moved to another machine is the same one, with what hangs on it."""
    both = (endpoint("ep_1", "http://h1/v1"), endpoint("ep_2", "http://h2/v1"))
    rows = held(own(model("a")), endpoints={"mdl_a": both})
    written = ", ".join(f"{{base_url: '{url}'}}" for url in urls)
    plan = make_plan(declared(f"models: {{a: {{endpoints: [{written}]}}}}\n"), rows)
    assert [(step.verb, step.id) for step in plan.steps] == expected


def test_the_default_flag_moves_between_declared_gateways() -> None:
    """Both rows are written; the one that loses it first or last makes no difference."""
    gateways = {
        name: own(records.gateway(f"gw_{name}", name, f"https://{name}.example", is_default=name == "a"))
        for name in ("a", "b")
    }
    text = "gateways:\n  a: {url: 'https://a.example'}\n  b: {url: 'https://b.example', is_default: true}\n"
    assert steps(text, held(gateways=gateways)) == ["~ gateway a: is_default", "~ gateway b: is_default"]
