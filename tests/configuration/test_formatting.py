"""`config fmt`: one form for every file, the same meaning, every comment."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.template import config_example
from gateway.configuration.document import parse
from gateway.configuration.finding import ConfigurationError
from gateway.configuration.formatting import formatted

HERE = Path("m.yaml")

WILD = """\
# yaml-language-server: $schema=schema.json
# Header.

# about the log
log:
    level: debug   # trailing


    # format comment
    format: json
    # commented: out
models:
   qwen3:
     endpoints:
     # first
     -   base_url: http://a/v1
         weight: 2
     - base_url: http://b/v1
       description: |
         # not a comment

           two   \n         three
     task: chat
server:
        # the port
        port: 1
        host: "0.0.0.0"
        allowed_hosts:
        - a
        -   b
        cors_origins: [a,
           b]
version: 1
# end
"""
TAME = """\
# yaml-language-server: $schema=schema.json
# Header.

version: 1

server:
  host: "0.0.0.0"
  # the port
  port: 1
  allowed_hosts:
    - a
    - b
  cors_origins: [a,
     b]

# about the log
log:
  level: debug   # trailing

  # format comment
  format: json
  # commented: out

models:
  qwen3:
    endpoints:
      # first
      - base_url: http://a/v1
        weight: 2
      - base_url: http://b/v1
        description: |
          # not a comment

            two   \n          three
    task: chat

# end
"""


def test_order_indentation_and_empty_lines_are_canonical() -> None:
    """Sections and settings as documented, two blanks, comments with what they stand above, texts untouched."""
    assert formatted(WILD, HERE) == TAME


CASES = (
    ("", ""),
    ("# only\n", "# only\n"),
    ("{a: 1}", "{a: 1}\n"),
    ("server:\r\n - a\r\n", "server:\n  - a\n"),
    ("server:\n    port: 1   \n\n\n\n", "server:\n  port: 1\n"),
    ("x-d: &d\n    port: 1\nserver:\n    <<: *d\n", "x-d: &d\n  port: 1\n\nserver:\n  <<: *d\n"),
    ("server: &s\n      port: 1\nx-t: *s\n", "server: &s\n  port: 1\nx-t: *s\n"),  # an anchor stands before its alias
    ("a: >2\n    x\n   y\n", "a: >2\n    x\n   y\n"),
    ("log: 'a\n  b'\nversion: 1", "version: 1\n\nlog: 'a\n  b'\n"),
    ("server:\n        # port: 1\nlog:\n    # level: x\n    format: json\n",
     "server:\n  # port: 1\n\nlog:\n  # level: x\n  format: json\n"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES)
def test_corner_cases(before: str, after: str) -> None:
    """What cannot be moved without changing what the file says stays where it is."""
    assert formatted(before, HERE) == after


@pytest.mark.parametrize("text", [WILD, config_example("s.json"), *(before for before, _ in CASES)])
def test_formatting_twice_is_formatting_once(text: str) -> None:
    """Else `--check` would never be content."""
    once = formatted(text, HERE)
    assert formatted(once, HERE) == once
    assert parse(once, HERE).values == parse(text, HERE).values


def test_a_new_file_is_canonical() -> None:
    """What `init` writes passes `fmt --check`."""
    assert formatted(config_example("s.json"), HERE) == config_example("s.json")


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [\n", "\ta: 1\n"])
def test_a_broken_file_is_not_touched(text: str) -> None:
    """Its findings come first."""
    with pytest.raises(ConfigurationError):
        formatted(text, HERE)


_KEYS = st.sampled_from(["version", "server", "log", "models", "x-a", "port", "level", "a"])
_SCALARS = st.sampled_from(["1", "text", "'quo ted'", "[1, 2]", "{b: 1}", "|\nINDENT  one\n\nINDENT  two", ""])


@st.composite
def _files(draw: st.DrawFn, level: int = 0) -> str:
    indent = " " * (level * draw(st.integers(1, 5)))
    lines = []
    for key in draw(st.lists(_KEYS, unique=True, max_size=4)):
        lines += draw(st.lists(st.sampled_from(["", f"{indent}# note", "  # note"]), max_size=2))
        inner = draw(_files(level=level + 1)) if level < 2 and draw(st.booleans()) else ""
        lines.append(f"{indent}{key}:" + (f"\n{inner}" if inner else f" {draw(_SCALARS).replace('INDENT', indent)}"))
    return "\n".join(lines)


@settings(deadline=None, max_examples=40)
@given(_files())
def test_whatever_the_file_says_it_says_afterwards(text: str) -> None:
    """The same values, the same comments, and nothing more to format."""
    try:
        before = parse(text, HERE)
    except ConfigurationError:
        return
    once = formatted(text, HERE) if not before.findings else text
    assert parse(once, HERE).values == before.values
    assert once.count("# note") == text.count("# note")
    assert before.findings or formatted(once, HERE) == once
