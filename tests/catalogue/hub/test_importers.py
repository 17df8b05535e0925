"""Facts of models.dev's and LiteLLM's lists as entries."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.canonical import canonical
from gateway.catalogue.entry import Entry, parse_entry
from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.importers.facts import amount
from gateway.catalogue.hub.importers.reading import read_list
from gateway.catalogue.hub.importers.row import Imported, Terms
from tests.catalogue.hubs import make_hub

FILES = Path(__file__).parent / "files"
TERMS = Terms(today="2026-11-21")


def _read(name: str, terms: Terms = TERMS) -> Imported:
    return read_list((FILES / name).read_text(), terms)


def _entries(imported: Imported) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in imported.entries}


def _notes(imported: Imported) -> dict[str, str]:
    return {row.source: row.note for row in imported.rows}


@pytest.mark.parametrize("name", ["models_dev.json", "litellm.json"])
def test_every_row_is_told_and_every_entry_can_be_published(name: str, folder: Path) -> None:
    """None is lost without a word; a hub takes the entries as they are."""
    imported = _read(name)
    made = [row.id for row in imported.rows if row.id is not None]
    assert made == [entry["id"] for entry in imported.entries]
    assert all(row.note for row in imported.rows if row.id is None)
    assert all(isinstance(parse_entry(canonical(entry)), Entry) for entry in imported.entries)
    hub = make_hub(folder / "hub", 0)
    hub.put(imported.entries)
    assert hub.publish() == 2
    hub.put(_read(name, Terms(today="2026-11-21", version="2", as_of="2026-11-20")).entries)
    assert hub.publish() == 2  # the same facts, read another day


def test_a_model_of_models_dev_becomes_an_offering() -> None:
    """Prices have the digits of the list, but for what floats left there; its source and licence are noted."""
    terms = Terms(today="2026-11-21", version="0123abc", as_of="2026-11-01")
    assert _entries(_read("models_dev.json", terms))["acme/coder-7b"] == {
        "schema": 1,
        "id": "acme/coder-7b",
        "rev": 1,
        "kind": "offering",
        "status": "active",
        "source": {"name": "models.dev", "url": "https://models.dev", "license": "MIT", "version": "0123abc"},
        "display_name": "Coder 7B",
        "publisher": "acme",
        "family": "coder",
        "open_weights": True,
        "api": ["openai.chat"],
        "endpoint": {"base_url": "https://api.acme.example/v1", "auth": "bearer"},
        "modalities": {"in": ["text", "image"], "out": ["text"]},
        "capabilities": {"tools": True, "json_schema": True, "reasoning": False},
        "limits": {"context": 131072, "max_output": 8192},
        "price": {
            "currency": "USD",
            "unit": "1M_tokens",
            "in": "0.1",
            "out": "0.3",
            "cache_read": "0.025",
            "as_of": "2026-11-01",
        },
        "updated_at": "2026-02-28",
    }


def test_what_models_dev_does_not_say_stays_unknown() -> None:
    """A limit of 0 is none, a price of 0 is one; a date without a day is none."""
    imported = _read("models_dev.json")
    entries, notes = _entries(imported), _notes(imported)
    old = entries["acme/coder-1b"]
    assert (old["status"], old["price"]["in"], old["price"]["out"]) == ("deprecated", "0", "0")
    assert "limits" not in old
    assert "updated_at" not in old
    assert notes["acme/coder-1b"] == "left out: the price of reasoning tokens, the price of long contexts"
    assert entries["acme/embed"]["api"] == ["openai.embeddings"]
    assert (entries["acme/paints"]["status"], "api" in entries["acme/paints"], "price" in entries["acme/paints"]) == (
        "preview",
        False,
        False,
    )
    assert not {"api", "endpoint"} & entries["own/one"].keys()
    assert "endpoint" not in entries["templated/one"]
    assert notes["acme/has spaces"] == "'acme/has spaces' cannot be an id"
    assert notes["acme/odd"] == "it is no object"
    assert notes["broken"] == "it has no models"


def test_a_provider_with_an_address_of_its_own_speaks_openai_there() -> None:
    """The table of providers says where one with another package answers OpenAI's clients."""
    own = _entries(_read("models_dev.json", Terms(today="2026-11-21", addresses={"own": "https://own.example/v1"})))
    assert own["own/one"]["endpoint"] == {"base_url": "https://own.example/v1", "auth": "bearer"}
    assert own["own/one"]["api"] == ["openai.chat"]


def test_a_model_of_litellm_becomes_an_offering() -> None:
    """Per token becomes per million, exactly; a day that is over has happened."""
    imported = _read("litellm.json", Terms(today="2026-11-21", addresses={"acme": "https://api.acme.example/v1"}))
    entry = _entries(imported)["acme/coder-7b"]
    assert entry["price"] == {
        "currency": "USD",
        "unit": "1M_tokens",
        "in": "0.1",
        "out": "0.3",
        "cache_read": "0.025",
        "cache_write": "0.125",
    }
    assert (entry["status"], entry["deprecated_at"]) == ("deprecated", "2026-03-01")
    assert entry["capabilities"] == {"tools": True, "reasoning": False}
    assert entry["modalities"] == {"in": ["text", "image"], "out": ["text"]}
    assert entry["limits"] == {"context": 131072, "max_output": 8192}
    assert entry["availability"] == {"regions": ["eu-west-1"]}
    assert entry["endpoint"]["base_url"] == "https://api.acme.example/v1"
    assert entry["source"]["license"] == "MIT"


def test_other_units_of_litellm_are_named_or_left_out_with_a_word() -> None:
    """What has no unit here is noted and not guessed."""
    imported = _read("litellm.json")
    entries, notes = _entries(imported), _notes(imported)
    assert entries["acme/1024-x-1024/paints"]["price"] == {"currency": "USD", "unit": "image", "out": "0.04"}
    assert entries["acme/hears"]["price"] == {"currency": "USD", "unit": "second", "in": "0.0001"}
    assert "price" not in entries["acme/1024-x-1024/dots"]
    assert notes["1024-x-1024/dots"] == "no price: input_cost_per_pixel"
    assert "input_cost_per_token_above_200k_tokens" in notes["coder-7b"]
    assert entries["other/free"]["price"]["in"] == "0"
    assert entries["acme/coder-8b"]["status"] == "active"
    assert notes["sings"] == "mode 'singing' is not known here"
    assert notes["acme/coder-7b"] == "acme/coder-7b is made of 'coder-7b' already"
    assert notes["sample_spec"] == "it describes the list, and is no model"
    assert notes["no provider"] == notes["odd"] == "it names no litellm_provider"


@pytest.mark.parametrize(("name", "count"), [("models_dev.json", 4), ("litellm.json", 7)])
def test_only_the_providers_that_are_asked_for_are_taken(name: str, count: int) -> None:
    """The others are told as such."""
    imported = _read(name, Terms(today="2026-11-21", providers=frozenset({"acme"})))
    assert len(imported.entries) == count
    assert {entry["publisher"] for entry in imported.entries} == {"acme"}
    assert any("asked for" in row.note for row in imported.rows)


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"a": 1}', '{"a": {"b": 1}}', "[" * 100_000])
def test_another_file_is_told(text: str) -> None:
    """With where to get one."""
    with pytest.raises(HubFault) as caught:
        read_list(text, TERMS)
    assert "models.dev" in str(caught.value.hint)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(["models_dev.json", "litellm.json"]), odd=_JSON, data=st.data())
def test_whatever_stands_in_a_list_drops_only_its_row(name: str, odd: Any, data: st.DataObject) -> None:
    """Each member of a model may be anything; what is made can be published."""
    text = (FILES / name).read_text()
    document, whole = json.loads(text), read_list(text, TERMS)
    model = document["acme"]["models"]["coder-7b"] if name == "models_dev.json" else document["coder-7b"]
    model[data.draw(st.sampled_from(sorted(model)))] = odd
    imported = read_list(json.dumps(document), TERMS)
    assert all(isinstance(parse_entry(canonical(entry)), Entry) for entry in imported.entries)
    assert len(imported.entries) >= len(whole.entries) - 1


@settings(max_examples=200, deadline=None)
@given(st.decimals(0, 999_999, allow_nan=False, places=12))
def test_an_amount_keeps_every_digit(price: Decimal) -> None:
    """From the list's own text to the entry's: never through a float."""
    written = json.loads(str(price), parse_float=Decimal)
    text = amount(written)
    assert text is not None
    assert Decimal(text) == price
