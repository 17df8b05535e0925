"""The fixed table of operations: what matches, what is refused, and that nothing of the client's path slips through."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.operations import DELETE_MODEL, OPERATIONS, match, split_tail
from gateway.errors import GatewayError, NotFound
from gateway.registry.inputs import DefaultFor

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/operations.json").read_text())


def _title(row: Mapping[str, Any]) -> str:
    return f"{row['method']} {row['tail']!r}: {row['why']}"


@pytest.mark.parametrize("row", [row for row in ROWS if "name" in row], ids=_title)
def test_a_listed_path_means_one_operation(row: dict[str, Any]) -> None:
    """RES-6: the suffix comes from the table, the id goes up byte for byte."""
    found = match(row["method"], split_tail(row["tail"]))
    assert found.operation.name == row["name"]
    assert found.suffix == row["suffix"]
    assert found.object_id == row.get("id")
    assert found.object_key == row.get("key", row.get("id"))


@pytest.mark.parametrize("row", [row for row in ROWS if "error" in row], ids=_title)
def test_everything_else_is_refused_with_a_hint(row: dict[str, Any]) -> None:
    """PRX-25 to PRX-28, CMP-22: nothing outside the table is forwarded."""
    with pytest.raises(GatewayError) as caught:
        match(row["method"], split_tail(row["tail"]))
    assert caught.value.code == row["error"]
    assert row.get("hint", "") in (caught.value.hint or "")
    assert caught.value.headers.get("Allow") == row.get("allow")


def test_a_mount_that_ends_in_v1_takes_no_second_one() -> None:
    """clients.md section 3: `/v1/` on a server is already the v1 form."""
    assert split_tail("chat/completions", v1_taken=True) == "chat/completions"
    with pytest.raises(NotFound, match="v1"):
        split_tail("v1/chat/completions", v1_taken=True)


def test_an_id_has_a_limit() -> None:
    """An id of 512 characters passes, a longer one cannot be one."""
    assert match("GET", "files/" + "a" * 512).object_id == "a" * 512
    with pytest.raises(GatewayError, match="cannot be the id"):
        match("GET", "files/" + "a" * 513)


def test_every_row_is_reached_by_its_own_path() -> None:
    """The table and the matcher agree."""
    for row in OPERATIONS:
        found = match(row.method, split_tail(row.path.replace("{id}", "abc_1")))
        assert found.operation is row


def test_deleting_a_model_is_an_operation_where_a_setting_says_so() -> None:
    """`Allow` names DELETE then, and only then."""
    assert match("DELETE", "models/a", deletes=True).operation is DELETE_MODEL
    for deletes, allow in ((True, "DELETE, GET, HEAD"), (False, "GET, HEAD")):
        with pytest.raises(GatewayError) as caught:
            match("PUT", "models/a", deletes=deletes)
        assert caught.value.headers["Allow"] == allow
    with pytest.raises(GatewayError) as caught:
        match("DELETE", "models/a")
    assert "access.delete_models" in (caught.value.hint or "")


def test_names_are_unique_and_only_ours_are_local() -> None:
    """Names are metric labels; the lists of models are never forwarded."""
    assert len({row.name for row in OPERATIONS}) == len(OPERATIONS)
    assert {row.name for row in OPERATIONS if row.local} == {"models.list"}


def test_what_is_remembered_depends_on_store() -> None:
    """Responses are stored unless said otherwise, chat completions only when asked for."""
    table = {row.name: row for row in OPERATIONS}
    assert table["responses"].remembers(store=None)
    assert not table["responses"].remembers(store=False)
    assert not table["chat.completions"].remembers(store=None)
    assert table["chat.completions"].remembers(store=True)
    assert table["files"].remembers(store=None)
    assert not table["embeddings"].remembers(store=True)


@given(st.sampled_from(["GET", "POST", "DELETE"]), st.text(alphabet="files/.%2eE5cC\\mod1v:;?#&~ é\x00", max_size=24))
def test_a_suffix_never_holds_what_the_table_does_not(method: str, tail: str) -> None:
    """Whatever comes, the upstream path is a row of the table with one strict id in it."""
    try:
        found = match(method, split_tail(tail))
    except GatewayError:
        return
    if found.operation.local:
        assert found.suffix == ""
        return
    assert found.suffix == "/" + found.operation.path.replace("{id}", found.object_id or "")
    assert not set(found.object_id or "") & set("/\\;?# \x00é")
    assert (found.object_id or "x").strip(".")


def test_a_default_endpoint_can_be_set_for_every_operation_that_needs_no_model() -> None:
    """What the registry takes as `default_endpoints` is what the table asks for."""
    groups = {row.group for row in OPERATIONS if row.model != "required" and not row.local}
    assert groups == set(get_args(DefaultFor))
