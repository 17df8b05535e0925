"""The examples in the docstrings are true."""

import doctest
from types import ModuleType

import pytest

from resolver import address, host, trust


@pytest.mark.parametrize("module", [address, host, trust], ids=lambda module: module.__name__)
def test_the_examples_of_a_module_hold(module: ModuleType) -> None:
    """A docstring shows what the function gives."""
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)
