from pathlib import Path

import pytest

from gateway.importing.plan import Plan
from gateway.importing.reading import read

TEXT = (Path(__file__).parent / "files" / "llama-swap.yaml").read_text()


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Give what the example comes to."""
    return read(TEXT, {})


def test_models_get_the_addresses_that_llama_swap_gives_them(plan: Plan) -> None:
    """${PORT} counts from startPort in the order of the names; its own address wins."""
    found = {one.name: (one.endpoints[0].base_url, one.endpoints[0].upstream_model) for one in plan.models}
    assert found == {
        "qwen3-8b": ("http://localhost:10002/v1", None),
        "bge-m3": ("http://localhost:10001/v1", None),
        "vision": ("http://127.0.0.1:8999/v1", "org/vision-7b"),
        "z-ai/glm-4.7": ("https://openrouter.ai/api/v1", None),
        "shared": ("http://192.168.1.23/v1", None),
    }


def test_through_llama_swap_every_model_is_called_there() -> None:
    """It goes on starting and stopping them."""
    plan = read(TEXT, {}, base_url="http://localhost:8080/v1")
    own = [one for one in plan.models if "/" not in one.name and one.name != "shared"]
    assert {one.endpoints[0].base_url for one in own} == {"http://localhost:8080/v1"}
    assert {one.endpoints[0].upstream_model for one in own} == {None}
    assert {"vision", "lost"} <= {one.name for one in own}


def test_aliases_of_both_forms(plan: Plan) -> None:
    """Texts, and objects with an id."""
    assert plan.aliases == (("qwen3", "qwen3-8b"), ("gpt-4o-mini", "qwen3-8b"), ("embed", "bge-m3"))


def test_keys_of_peers_become_references(plan: Plan) -> None:
    """${env.NAME} as it is, a typed key by a new name."""
    keys = {one.name: one.endpoints[0].api_key for one in plan.models}
    assert (keys["z-ai/glm-4.7"], keys["shared"]) == ("env:OPENROUTER_API_KEY", "env:NEIGHBOUR_API_KEY")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("models.qwen3-8b.cmd", "starts no processes"),
        ("models.qwen3-8b.ttl", "unloads"),
        ("models.lost", "macro"),
        ("models.vision.env", "starts no processes"),
        ('models.vision.filters.setParamsByID."${MODEL_ID}:high"', "parameters"),
        ("groups", "together"),
        ("apiKeys", "keys create"),
        ("peers.neighbour.filters", "byte for byte"),
    ],
)
def test_what_has_no_counterpart_is_named_with_its_reason(plan: Plan, source: str, word: str) -> None:
    """Nothing is dropped in silence."""
    row = next(row for row in plan.rows if row.source == source)
    assert row.becomes == "nothing"
    assert word in row.note


def test_no_secret_of_the_source_is_in_the_plan(plan: Plan) -> None:
    """Keys, and what is given to processes."""
    assert "canary" not in repr(plan)
