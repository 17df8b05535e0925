"""Calls as the data plane's parts see them, to be varied by the tests."""

from typing import Any

from gateway.access.call import Call
from gateway.access.operations import OPERATIONS, Operation
from tests.access.test_admission import caller


def operation(name: str) -> Operation:
    """Return a row of the table."""
    return next(row for row in OPERATIONS if row.name == name)


def call(name: str = "chat.completions", **fields: Any) -> Call:
    """Return a call of the operation."""
    made = Call("6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a2d", caller(), operation(name), "team1", 100.0)
    for field, value in fields.items():
        setattr(made, field, value)
    return made
