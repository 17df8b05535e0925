import json
from pathlib import Path

import pytest

from gateway.declared.reading import examine_declared
from gateway.errors import ConfigError, GatewayError
from gateway.importing.providers import NATIVE, PROVIDERS
from gateway.importing.reading import read
from gateway.registry.address import check_url
from gateway.vault.references import parse_reference

TEXT = (Path(__file__).parent / "files" / "models.json").read_text()


def test_a_list_as_servers_answer_it() -> None:
    """Tabs and all; the address comes from outside, unless a row has its own."""
    plan = read(TEXT, {}, base_url="http://localhost:8000/v1", api_key="env:VLLM_KEY")
    found = [(one.name, one.endpoints[0].base_url, one.endpoints[0].api_key) for one in plan.models]
    assert found == [
        ("org/first", "http://localhost:8000/v1", "env:VLLM_KEY"),
        ("second", "http://other:8000/v1", "env:SECOND_API_KEY"),
    ]
    notes = [row.note for row in plan.rows if row.becomes == "nothing"]
    assert any("no id" in note for note in notes)
    assert any("owned_by" in note for note in notes)
    assert "canary" not in repr(plan)


def test_without_an_address_the_rows_say_what_to_do() -> None:
    """--base-url."""
    plan = read(TEXT, {})
    assert [one.name for one in plan.models] == ["second"]
    assert "--base-url" in plan.rows[0].note


@pytest.mark.parametrize("text", ['["a", "b"]', '[{"id": "a"}, {"name": "b"}]', "models:\n- name: a\n- model: b\n"])
def test_shorter_forms_of_a_list(text: str) -> None:
    """Bare names, and the list that Ollama answers."""
    plan = read(text, {}, base_url="http://localhost:11434/v1")
    assert [one.name for one in plan.models] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no mapping"),
        ("just text", "no mapping"),
        ("server: {port: 1}", "server"),
        ("a: [1\nb: sk-canary", "line"),
        ("a: 1\na: 2\n", "line"),
        ("models: {a: {endpoints: [{base_url: 'http://x/v1'}]}}", "modelport's own"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(text: str, word: str) -> None:
    """What it holds instead, never its values."""
    with pytest.raises(ConfigError) as caught:
        read(text, {})
    assert word in caught.value.message
    assert "canary" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("file", ["litellm.yaml", "llama-swap.yaml"])
def test_what_comes_out_is_what_a_server_reads(file: str) -> None:
    """The models and aliases are declared as modelport.yaml has them: nothing is wrong in them."""
    sections = read((Path(__file__).parent / "files" / file).read_text(), {}).declared()
    sections.pop("version")
    declared, findings = examine_declared(sections, None)
    assert findings == []
    assert [one.name for one in declared.models] == list(sections["models"])


def test_a_name_that_cannot_be_one_is_told() -> None:
    """The row says which letters may stand there."""
    plan = read('["two words"]', {}, base_url="http://localhost:8000/v1")
    assert plan.models == ()
    assert "letters" in plan.rows[0].note


def test_the_plan_is_what_modelport_yaml_and_the_api_take() -> None:
    """One vocabulary; what is usual is left out."""
    plan = read('["a"]', {}, base_url="http://localhost:8000/v1")
    assert plan.declared() == {"version": 1, "models": {"a": {"endpoints": [{"base_url": "http://localhost:8000/v1"}]}}}
    json.dumps(plan.declared())


@pytest.mark.parametrize("name", PROVIDERS)
def test_addresses_and_variables_of_providers_can_be_registered(name: str) -> None:
    """The table holds nothing that the API would refuse."""
    provider = PROVIDERS[name]
    try:
        if provider.base_url is not None:
            assert str(check_url(provider.base_url, param="base_url")) == provider.base_url
        if provider.variable is not None:
            parse_reference(f"env:{provider.variable}")
    except GatewayError as error:
        pytest.fail(f"{name}: {error.message}")


def test_no_provider_is_both() -> None:
    """A prefix is OpenAI's API or it is not."""
    assert not PROVIDERS.keys() & NATIVE.keys()
