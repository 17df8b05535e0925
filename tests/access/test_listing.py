"""The team's own lists of models: honest, in OpenAI's shape."""

import json
from typing import Any

import pytest
from aiohttp import web

from gateway.access.listing import list_models, show_model
from gateway.errors import NotFound
from tests.access.test_admission import TEAM_NAME, caller, registry

QWEN = {"id": "qwen3", "object": "model", "created": 0, "owned_by": "team1", "root": "qwen3"}


def told(response: web.Response) -> Any:
    """Return the JSON of an answer."""
    assert response.content_type == "application/json"
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def test_a_list_holds_what_can_be_called() -> None:
    """Sorted by name; an alias says which model it means; neither disabled models nor those without endpoint."""
    listed = told(list_models(caller(), TEAM_NAME, registry()))
    assert listed == {"object": "list", "data": [QWEN | {"id": "fast"}, QWEN]}


def test_a_list_holds_what_the_key_may_use() -> None:
    """An empty list is a list."""
    assert told(list_models(caller(TEAM_NAME, "fast"), TEAM_NAME, registry()))["data"] == [QWEN | {"id": "fast"}]
    assert told(list_models(caller(TEAM_NAME, "x"), TEAM_NAME, registry())) == {"object": "list", "data": []}


def test_one_entry_is_what_the_list_says() -> None:
    """Also of an alias."""
    assert told(show_model(caller(), TEAM_NAME, "fast", registry())) == QWEN | {"id": "fast"}


@pytest.mark.parametrize("name", ["llama3", "old", "nobody"])
def test_what_is_not_listed_has_no_entry(name: str) -> None:
    """Without endpoint, disabled, unknown: 404."""
    with pytest.raises(NotFound) as refused:
        show_model(caller(), TEAM_NAME, name, registry())
    assert refused.value.code == "model_not_found"
