"""The example and the schema: complete, true, and readable by a machine (UX-13)."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from gateway.cli.template import config_example, config_schema
from gateway.configuration.document import Document, parse
from gateway.configuration.loading import examine, load
from gateway.configuration.sources import DECLARED, setting_fields
from gateway.declared.model import (
    SECTIONS,
    DeclaredAlias,
    DeclaredEndpoint,
    DeclaredGateway,
    DeclaredKey,
    DeclaredModel,
    DeclaredTeam,
)
from gateway.declared.reading import examine_declared

CONFIG = Path(__file__).parent.parent.parent / "config"
EXAMPLE = CONFIG / "modelport.example.yaml"
_NAMES = {name.rpartition(".")[2] for name in setting_fields()}
_SETTING = re.compile(rf"^( *)# (({'|'.join(_NAMES)}):( .*)?)$")
_OBJECTS = re.compile(r"^# (( *)(- )?[a-z0-9_/-]+:( .*)?)$")


def _uncommented(text: str) -> Document:
    """Return the example with every setting and every object in force."""
    settings, mark, objects = text.partition("# Objects of the registry.")
    assert mark
    lines = [found[1] + found[2] if (found := _SETTING.match(line)) else line for line in settings.splitlines()]
    lines += [found[1] if (found := _OBJECTS.match(line)) else line for line in (mark + objects).splitlines()]
    return parse("\n".join(lines), EXAMPLE)


@pytest.fixture
def whole() -> Document:
    """Give the example with nothing commented out."""
    return _uncommented(EXAMPLE.read_text())


def test_the_example_says_nothing_but_the_defaults(whole: Document) -> None:
    """As it stands, and with every # in front of a setting removed."""
    assert load(EXAMPLE, environment={}).settings == load(environment={}).settings
    assert examine(whole, environment={}).settings == load(environment={}).settings


def test_each_setting_appears_in_the_example_and_in_the_schema(whole: Document) -> None:
    """Named alone; a new one fails here until the files are made anew."""
    given = {name for name in setting_fields() if whole.line(*name.split(".")) is not None}
    assert given == setting_fields().keys()
    schema = config_schema()
    described = set()
    for name, node in schema["properties"].items():
        reference = next((one["$ref"] for one in node.get("anyOf", []) if "$ref" in one), None)
        inner = schema["$defs"][reference.rpartition("/")[2]]["properties"] if reference else {"": {}}
        described |= {f"{name}.{one}".rstrip(".") for one in inner}
    assert described - set(DECLARED) == setting_fields().keys()


def test_each_field_of_a_declared_object_appears_in_the_example(whole: Document) -> None:
    """The example's objects together show everything that may be declared, and it is right."""
    declared, findings = examine_declared({name: whole.values[name] for name in DECLARED}, whole)
    assert not findings
    assert declared.models
    assert declared.keys
    rows: dict[type, list[Any]] = {
        DeclaredTeam: list(whole.values["teams"].values()),
        DeclaredGateway: list(whole.values["gateways"].values()),
        DeclaredModel: list(whole.values["models"].values()),
        DeclaredEndpoint: [one for model in whole.values["models"].values() for one in model["endpoints"]],
        DeclaredAlias: [{"team": "default"}, *whole.values["aliases"].values()],  # the team stands in the name
        DeclaredKey: list(whole.values["keys"].values()),
    }
    for kind, objects in rows.items():
        shown = {name for row in objects if isinstance(row, dict) for name in row}
        assert shown | {"name"} >= kind.model_fields.keys(), kind.__name__  # type: ignore[attr-defined]  # all are models


def test_the_schema_takes_the_example(whole: Document) -> None:
    """As it stands and with everything in force: an editor shows no error where the server sees none."""
    schema = config_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for document in (whole, parse(EXAMPLE.read_text(), EXAMPLE), parse("x-a: {b: 1}\nmodels:\n  q:\n", EXAMPLE)):
        assert not [error.message for error in validator.iter_errors(document.values)]


@pytest.mark.parametrize(
    "text",
    [
        "server: {prot: 1}", "server: {port: '1'}", "server: {port: 70000}", "version: 2", "prot: 1", "role: boss",
        "secrets: {kek: AbCd}", "models: {q: {endpoints: [{base_url: http://x, api_key: sk-1}]}}",
        "models: {q: {tsk: chat}}", "models: {q: {task: chatter}}", "aliases: {a: 1}", "keys: {k: {role: king}}",
        "teams: {t: {name: t}}", "gateways: {g: {}}",
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_server_refuses(text: str) -> None:
    """The editor says it first."""
    document = parse(text, EXAMPLE)
    assert list(Draft202012Validator(config_schema()).iter_errors(document.values))
    reading = examine(document, environment={})
    assert [*reading.findings, *examine_declared(reading.declared, document)[1]]


def test_the_sections_that_are_handed_on_are_those_that_are_read() -> None:
    """One that nobody reads would be passed over in silence."""
    assert set(DECLARED) == set(SECTIONS)


def test_the_first_line_points_editors_to_the_schema() -> None:
    """In the repository's example it is the file beside it."""
    first = EXAMPLE.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"
    assert (CONFIG / "schema.json").is_file()
    assert config_example("other.json").splitlines()[0].endswith("=other.json")


def test_the_example_is_read_in_five_minutes() -> None:
    """250 words a minute."""
    words = [word for word in EXAMPLE.read_text().split() if re.search("[A-Za-z]{2}", word)]
    assert len(words) < 1250
