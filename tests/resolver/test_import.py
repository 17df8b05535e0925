"""What `import resolver` costs: yarl, dataclasses, and the package's own four modules."""

import json
import subprocess
import sys

import pytest

import resolver

ADDED = """
import json, sys
import yarl, dataclasses
before = set(sys.modules)
import resolver
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def run(script: str) -> str:
    """Run a script in a fresh interpreter; return what it prints."""
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout


def test_importing_the_resolver_loads_nothing_but_yarl_and_dataclasses() -> None:
    """Under 30 ms on top of yarl: no pydantic, no aiohttp, no openai. The modules decide, not a stopwatch."""
    assert json.loads(run(ADDED)) == ["resolver", "resolver.address", "resolver.errors", "resolver.host"]


def test_resolving_loads_no_openai() -> None:
    """The IDNA tables come when they are needed; openai never does."""
    script = "import sys, resolver; resolver.resolve('https://b\\u00fccher.example', server='http://localhost:3000')\n"
    assert run(script + "print('openai' in sys.modules)") == "False\n"


def test_the_client_half_comes_with_its_first_use() -> None:
    """WRP-11: `from resolver import connect` is what loads openai."""
    assert run("import sys, resolver\nresolver.connect\nprint('openai' in sys.modules)") == "True\n"
    star = "from resolver import *\nprint(ModelportOpenAI.__mro__[1].__name__, resolve.__name__)"
    assert run(star) == "OpenAI resolve\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy half does not swallow typing errors."""
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        _ = resolver.conect
    assert "connect" in dir(resolver)
