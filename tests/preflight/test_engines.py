import json
from pathlib import Path
from typing import Any

import pytest

from gateway.preflight.engines import PATHS, USUAL_PORTS, Answer, identify, suggested_name
from gateway.registry.names import check_model_name

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "engines.json").read_text())


def _answers(row: dict[str, Any]) -> dict[str, Answer]:
    given = {path: Answer(*one) if isinstance(one, list) else Answer(200, one) for path, one in row["answers"].items()}
    return {path: given.get(path, Answer(404, {"detail": "Not Found"})) for path in PATHS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['engine']}{' loading' if row.get('loading') else ''}")
def test_an_engine_is_known_by_what_it_answers(row: dict[str, Any]) -> None:
    """Name, version and models; the port plays no part."""
    engine = identify(_answers(row), port=9)
    assert engine is not None
    assert (engine.name, engine.version, engine.path) == (row["engine"], row["version"], "/v1")
    assert {model.id: model.task for model in engine.models} == row["models"]
    assert (engine.loading, engine.guessed) == (row.get("loading", False), row.get("guessed", False))


def test_states_of_models_are_told_where_the_server_says_them() -> None:
    """LM Studio lists what is on the disk, loaded or not."""
    engine = identify(_answers(next(row for row in ROWS if row["engine"] == "LM Studio")), port=1234)
    assert engine is not None
    assert [model.loaded for model in engine.models] == [False, True]


def test_a_server_that_wants_a_key_is_found_on_its_usual_port_only() -> None:
    """A 401 in JSON alone is no model server."""
    guarded = {path: Answer(401, {"error": "Unauthorized"}) for path in PATHS}
    engine = identify(guarded, port=8000)
    assert engine is not None
    assert (engine.name, engine.needs_key, engine.guessed, engine.models) == ("vLLM", True, True, ())
    assert identify(guarded, port=9) is None


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {path: Answer(404) for path in PATHS},
        {path: Answer(200, "<html>") for path in PATHS},
        {path: Answer(200, []) for path in PATHS},
        {path: Answer(200, {"data": "text"}) for path in PATHS},
        {path: Answer(200, {"object": "list", "data": []}, {"server": "modelport"}) for path in PATHS},
    ],
    ids=["silence", "404", "page", "list", "other data", "modelport"],
)
def test_what_is_no_model_server_is_none(answers: dict[str, Answer]) -> None:
    """Neither a web page that answers everything, nor modelport itself."""
    assert identify(answers, port=8080) is None


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("llama3.1:8b", "llama3.1:8b"),
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("/models/org/Qwen3-8B-Q4_K_M.gguf", "Qwen3-8B-Q4_K_M"),
        ("C:\\models\\a.gguf", "a"),
        ("Phi-3 Mini", "Phi-3-Mini"),
        ("über/..", "-ber"),
        ("///", "model"),
        ("x" * 300, "x" * 200),
    ],
)
def test_every_name_of_a_server_can_be_published(model: str, name: str) -> None:
    """As it is where it can be, else the nearest that can."""
    assert suggested_name(model) == name
    assert check_model_name(name) == name


def test_the_ports_of_the_known_servers_are_asked() -> None:
    """Those that the command's documentation promises."""
    assert {11434, 8000, 8080, 1234, 3000, 80, 30000, 1337, 4891, 5000, 5001} <= USUAL_PORTS.keys()
