"""The data plane in the API's description: made of the table, so that it cannot say otherwise."""

from typing import Any

import pytest

from gateway.access.openapi import COMPONENTS, data_plane_paths
from gateway.access.operations import DELETE_MODEL, MODEL, OPERATIONS, Operation

MOUNTS = ("/access/models/{team}", "/v1")
PATHS = data_plane_paths()


def described(mount: str, row: Operation) -> dict[str, Any]:
    """Return the description of an operation."""
    return dict(PATHS[f"{mount}/{row.path}"][row.method.lower()])


def test_every_operation_is_described_under_both_mounts_and_nothing_else() -> None:
    """Operation ids are unique, as generators of clients need."""
    expected = {
        (f"{mount}/{row.path}", row.method.lower()) for mount in MOUNTS for row in (*OPERATIONS, MODEL, DELETE_MODEL)
    }
    assert {(path, method) for path, methods in PATHS.items() for method in methods} == expected
    ids = [one["operationId"] for methods in PATHS.values() for one in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("row", [*OPERATIONS, MODEL], ids=lambda row: row.name)
def test_a_description_names_every_word_of_its_path(row: Operation, mount: str) -> None:
    """And nothing that is not there."""
    names = {one["name"] for one in described(mount, row)["parameters"]}
    assert names == {word for word in ("team", "id") if f"{{{word}}}" in f"{mount}/{row.path}"}


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_a_body_is_described_as_far_as_it_is_read(row: Operation) -> None:
    """`model` where one may be named, `stream` where the answer can be one; everything else is the upstream's."""
    described_row = described("/v1", row)
    assert ("requestBody" in described_row) is (row.body != "none")
    if row.body == "json":
        schema = described_row["requestBody"]["content"]["application/json"]["schema"]
        assert ("model" in schema["properties"], "stream" in schema["properties"]) == (
            row.model != "none", row.terminal is not None,
        )  # fmt: skip
        assert ("model" in schema.get("required", [])) is (row.model == "required")


@pytest.mark.parametrize("row", [*OPERATIONS, MODEL], ids=lambda row: row.name)
def test_every_refusal_has_the_openai_shape(row: Operation) -> None:
    """Principle 5; an upstream's own refusal is described as what passes."""
    answers = described("/v1", row)["responses"]
    for status in ("400", "401", "403", "404", "405", "408", "413", "415", "421", "422", "429", "500", "502", "503"):
        name = answers[status]["$ref"].rpartition("/")[2]
        schema = COMPONENTS["responses"][name]["content"]["application/json"]["schema"]
        assert (name, schema) == (f"Refusal{status}", {"$ref": "#/components/schemas/OpenAIError"})
    assert ("4XX" in answers) is not row.local
    assert COMPONENTS["schemas"]["OpenAIError"]["required"] == ["error"]
