"""A YAML file as plain values that know their lines."""

from itertools import pairwise
from pathlib import Path

import pytest

from gateway.configuration import yaml_nodes
from gateway.configuration.document import parse, read
from gateway.configuration.finding import ConfigurationError

HERE = Path("m.yaml")


def test_every_key_and_item_knows_its_line() -> None:
    """Counted from 1; a merged key has the line where it is written."""
    text = "a: &a\n  x: 1\nb:\n  <<: *a\n  y: [1,\n      2]\n"
    document = parse(text, HERE)
    assert document.values == {"a": {"x": 1}, "b": {"x": 1, "y": [1, 2]}}
    places = [("a",), ("a", "x"), ("b",), ("b", "x"), ("b", "y"), ("b", "y", 1)]
    assert [document.line(*keys) for keys in places] == [1, 2, 3, 2, 5, 6]


def test_a_place_that_is_not_in_the_file_is_that_of_the_nearest_above() -> None:
    """A missing key is told at the section that lacks it."""
    document = parse("a:\n  b: {}\n", HERE)
    assert document.line("a", "b", "c") is None
    assert document.place("a", "b", "c", 0) == "m.yaml:2"
    assert document.place("z") == "m.yaml"


def test_values_keep_their_json_type() -> None:
    """YAML 1.1 reads `no` as false, 12:30 as 750 and dates as dates; here they are text."""
    text = "a: no\nb: 12:30\nc: 2027-01-01\nd: 0o17\ne: 1e3\nf: ~\ng: 'true'\nh: true\n7: 1\n!!str i: !!str 3\n"
    expected = {
        "a": "no", "b": "12:30", "c": "2027-01-01", "d": 15, "e": 1000.0,
        "f": None, "g": "true", "h": True, "7": 1, "i": "3",
    }  # fmt: skip
    assert parse(text, HERE).values == expected


def test_of_merged_keys_the_own_one_counts_and_then_the_first() -> None:
    """As the YAML merge type says."""
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, y: 2, z: 2}\nc: {x: 3, <<: [*a, *b]}\nd: {<<: *b, z: 4}\n"
    values = parse(text, HERE).values
    assert values["c"] == {"x": 3, "y": 1, "z": 2}
    assert values["d"] == {"x": 2, "y": 2, "z": 4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "m.yaml:3: a: is already set in line 1; leave one of the two"),
        ("a: {b: 1, b: 2}\n", "m.yaml:1: a.b: is already set in line 1; leave one of the two"),
        ('"1": a\n1: b\n', "m.yaml:2: 1: is already set in line 1; leave one of the two"),
        ("a: !planted x\n", "m.yaml:1: a: a tag means nothing here"),
        ("a: !!set {x}\n", "m.yaml:1: a: a tag means nothing here"),
        ("a: !!binary cGxhbnRlZA==\n", "m.yaml:1: a: a tag means nothing here"),
        ("a: &a [*a]\n", "m.yaml:1: a.0: this alias holds itself"),
        ("a: &a\n  b: *a\n", "m.yaml:2: a.b: this alias holds itself"),
        ("a: &a\n  <<: *a\n", "m.yaml:1: a: << takes a section"),
        ("a:\n  <<: 7\n", "m.yaml:2: a: << takes a section"),
        ("[a]: 1\n", "m.yaml:1: a list or section cannot be a key"),
        ('a: "\\uD800"\n', "m.yaml:1: a: holds half a character"),
    ],
)
def test_what_yaml_allows_and_we_do_not_is_a_finding(text: str, said: str) -> None:
    """With its line, and beside the others: the rest of the file is judged as well."""
    (finding,) = parse(text, HERE).findings
    assert str(finding).startswith(said)
    assert "planted" not in str(finding)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("server:\n  port: 80\n prot: 1\n", "m.yaml:3: this is no YAML at column 2: the indentation", "same column"),
        ("a: 1\n\tb: 1\nc: 1\n\td: 1\n", "m.yaml:2: the line begins with a tab; so do lines 4", "spaces"),
        ("a: 'b\n", "m.yaml:2: this is no YAML at column 1: found unexpected end of stream", ""),
        ("a: [planted\nb: 1\n", "m.yaml:2: this is no YAML at column 2", ""),
        ("a: planted: c\n", "m.yaml:1: this is no YAML at column 11: a second colon", "into quotes"),
        ("a: @planted\n", "m.yaml:1: this is no YAML at column 4", "into quotes"),
        ("a: *planted\n", "m.yaml:1: this is no YAML at column 4: found undefined alias", "into quotes"),
        ("a: 1\n---\nb: 2\n", "m.yaml:2: this is no YAML at column 1: a second document", "remove the line"),
        ("a: 1\nb: \x01\n", "m.yaml:2: this is no YAML: a control character", "remove"),
        ("- a\n", "m.yaml: must hold settings by name", "key and its value"),
        ("planted", "m.yaml: must hold settings by name", "key and its value"),
        ("a: " + "[" * 400 + "]" * 400, "m.yaml: is nested too deeply", "levels"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_yaml_says_where_in_one_line(text: str, said: str, hint: str) -> None:
    """Line and column, and nothing of what stands there."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text, HERE)
    assert caught.value.message.startswith(said)
    assert hint in (caught.value.hint or "")
    assert "\n" not in caught.value.message
    assert "planted" not in f"{caught.value.message}{caught.value.hint}"


def test_aliases_of_aliases_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The billion laughs: nine lines that mean 10^9 values."""
    monkeypatch.setattr(yaml_nodes, "MAX_VALUES", 10_000)
    names = "abcdefghij"
    rows = [f"{one}: &{one} [{', '.join([f'*{before}'] * 10)}]" for before, one in pairwise(names)]
    with pytest.raises(ConfigurationError, match="holds more than"):
        parse("\n".join(["a: &a [1]", *rows]), HERE)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A missing file is not an empty one."""
    with pytest.raises(ConfigurationError, match=r"absent\.yaml: cannot be read: No such file") as caught:
        read(tmp_path / "absent.yaml")
    assert "--config" in str(caught.value.hint)
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read(tmp_path)
    path = tmp_path / "latin1.yaml"
    path.write_bytes(b"# fine\na: caf\xe9\n")
    with pytest.raises(ConfigurationError, match=r"latin1\.yaml:2: is not UTF-8 at byte 13"):
        read(path)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    """Editors of Windows write one."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    document = read(path)
    assert (document.values, document.line("b")) == ({"a": 1, "b": 2}, 2)
