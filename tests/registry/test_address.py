"""What may be registered as an address, and what is published."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unprocessable
from gateway.registry.address import check_path, check_url
from gateway.registry.service.credential import Credentials
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.upstream.policy import EgressPolicy
from gateway.vault.setup import make_vault

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "registry.json").read_text(encoding="utf-8"))
SERVER = "https://models.corp.example/ai/"


@pytest.fixture
async def credentials(tmp_path: Path) -> Any:
    """Give the judge of endpoints' addresses."""
    database = await Database.open(f"sqlite:///{tmp_path}/unused.db")
    vault = make_vault(Settings.model_construct(data_dir=tmp_path), database, environment={}, clock=SystemClock())
    yield Credentials(vault, EgressPolicy("dev", allow_networks=["10.0.0.0/8"]).judge)
    await database.close()


@pytest.mark.parametrize("row", VECTORS["addresses"], ids=lambda row: row["why"])
def test_an_endpoints_address_is_judged_before_it_is_stored(credentials: Credentials, row: dict[str, Any]) -> None:
    """In the resolver's words, the egress policy's, or because it is this very server."""
    if "stored" in row:
        assert str(credentials.check_base_url(row["value"], server=SERVER)) == row["stored"]
        return
    with pytest.raises(Unprocessable) as refusal:
        credentials.check_base_url(row["value"], server=SERVER)
    assert (refusal.value.code, refusal.value.param) == (row["code"], "base_url")
    assert refusal.value.hint
    assert "pass@" not in refusal.value.message


@pytest.mark.parametrize("row", VECTORS["paths"], ids=lambda row: row["why"])
def test_only_a_served_path_is_published(row: dict[str, Any]) -> None:
    """A published address that nobody answers is a lie; the hint lists those that are served."""
    if "code" not in row:
        assert check_path(row["value"], "default") == row["value"]
        return
    with pytest.raises(Unprocessable) as refusal:
        check_path(row["value"], "default")
    assert (refusal.value.code, refusal.value.param) == (row["code"], "path")
    assert refusal.value.hint


def test_an_address_without_a_scheme_is_answered_with_how_to_write_one() -> None:
    """`localhost:8000` is what people type first; a leading slash, the resolver's other advice, is no help here."""
    with pytest.raises(Unprocessable) as refusal:
        check_url("localhost:8000", param="base_url")
    assert refusal.value.hint == "write http(s)://host[:port] and the path in front of /chat/completions, such as /v1"
