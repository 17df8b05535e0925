"""What may stand in a file, and how a mistake in it is told: place, key, one sentence, what to do."""

import pytest

from gateway.declared.model import DeclaredModel
from tests.declared.files import SMALL, declared, told

PLACE = "/etc/modelport/modelport.yaml"


def test_a_whole_file_is_read() -> None:
    """Every noun, with its team, its name and its line."""
    found = declared(SMALL)
    assert [(one.team, one.name, one.at) for one in found.models] == [
        ("default", "qwen3", "modelport.yaml:7"),
        ("research", "llama", "modelport.yaml:14"),
    ]
    assert [one.at for one in found.endpoints["default", "qwen3"]] == ["modelport.yaml:10", "modelport.yaml:13"]
    assert isinstance(found.models[0].body, DeclaredModel)
    assert (found.aliases[0].body.model, found.teams[0].body.default_via) == ("qwen3", "eu")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("models:\n  qwen3: {tsk: chat}\n", ":2: models.qwen3.tsk: unknown key; did you mean task?"),
        (
            "models:\n  qwen3:\n    endpoints:\n      - base_ur: http://h/v1\n",
            ":4: models.qwen3.endpoints.0.base_url: is missing",
        ),
        (
            "models:\n  qwen3:\n    endpoints:\n      - {base_ur: http://h/v1, base_url: http://h/v1}\n",
            ":4: models.qwen3.endpoints.0.base_ur: unknown key; did you mean base_url?",
        ),
        ("models:\n  qwen3: {task: chatt}\n", ":2: models.qwen3.task: must be 'chat', "),
        ("models: [qwen3]\n", ":1: models: must hold objects by name; write `name:`"),
        ("models:\n  qwen3: chat\n", ":2: models.qwen3: must have fields of its own; write them on the lines below"),
        ("models:\n  qwen3: {name: other}\n", ":2: models.qwen3.name: is not written here; the name is the key"),
        ("models:\n  'qwen 3': {}\n", ":2: models.qwen 3: 'qwen 3' is no name: only letters"),
        ("teams:\n  Research: {}\n", ":2: teams.Research: 'Research' is no name: only a-z"),
        ("gateways:\n  eu: {url: /path}\n", ":2: gateways.eu.url: url '/path' is a path; a full URL is needed"),
        ("gateways:\n  eu: {}\n", ":2: gateways.eu.url: is missing"),
        (
            "gateways:\n  a: {url: http://a, is_default: true}\n  b: {url: http://b, is_default: true}\n",
            ":3: gateways.b.is_default: a is the default already; there is one at most",
        ),
        (
            "models:\n  qwen3: {}\n  default/qwen3: {}\n",
            ":3: models.default/qwen3: qwen3 is declared in modelport.yaml:2 already",
        ),
        ("models:\n  a: {}\naliases:\n  a: a\n", ":4: aliases.a: a is declared in modelport.yaml:2 already"),
        ("keys:\n  ci: {expires_at: tomorrow}\n", ":2: keys.ci.expires_at: is no time; write a day like 2027-01-31"),
        ("keys:\n  ci: {role: king}\n", ":2: keys.ci.role: must be "),
        ("keys:\n  ci: {cidrs: [10.0.0.300]}\n", ":2: keys.ci.cidrs.0: "),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, expected: str) -> None:
    """One line: file and line, key, what is wrong, what to do."""
    lines = told(text)
    assert lines
    assert any(line.startswith(f"{PLACE}{expected}") for line in lines), lines


def test_everything_wrong_is_told_at_once() -> None:
    """Four mistakes in four sections are four lines."""
    lines = told("teams:\n  X: {}\ngateways:\n  y: {}\nmodels:\n  z: {tsk: 1}\nkeys:\n  k: {rol: 1}\n")
    assert [line.split(": ")[1] for line in lines] == ["teams.X", "gateways.y.url", "models.z.tsk", "keys.k.rol"]


@pytest.mark.parametrize("secret", ["sk-proj-0123456789abcdef", "hunter2", "Bearer hunter2"])
def test_a_secret_in_place_of_a_reference_is_never_repeated(secret: str) -> None:
    """It says what belongs there instead."""
    text = f"models:\n  qwen3:\n    endpoints: [{{base_url: 'http://h/v1', api_key: '{secret}'}}]\n"
    (line,) = told(text)
    assert line.startswith(f"{PLACE}:3: models.qwen3.endpoints.0.api_key: is no reference to a secret")
    assert secret not in line


def test_a_slash_is_a_team_only_where_the_team_is_declared() -> None:
    """Names of publishers, as in Qwen/Qwen3-8B, stay names."""
    found = declared("teams: {lab: {}}\nmodels:\n  lab/a: {}\n  Qwen/Qwen3-8B: {}\n  x/y: {team: lab}\n")
    assert [one.key for one in found.models] == [("lab", "a"), ("default", "Qwen/Qwen3-8B"), ("lab", "x/y")]


def test_equal_files_say_equal_things() -> None:
    """Comments, lines and the order of keys make no difference; a value does."""
    text = "models:\n  a: {task: chat, via: server}\n  b: {}\n"
    turned = "# hello\nmodels:\n  b: {}\n  a:\n    via: server\n    task: chat\n"
    assert declared(text).digest == declared(turned).digest
    assert declared(text).digest != declared(text.replace("chat", "other")).digest


def test_an_empty_section_is_a_section() -> None:
    """`models:` without any takes away what was there; no section at all leaves it alone."""
    assert declared("models:\n").anything
    assert not declared("version: 1\n").anything
