"""A value that nobody prints by accident (security.md SEC-5). Pure; anybody may use it."""

import hmac
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

MASK = "***"
_SHORTEST_HINTED = 16
"""A hint shows the last four characters of values at least this long: four of sixteen are no help to a guesser."""


class Secret:
    """A secret text: `***` in repr, str, format and JSON; `reveal()` gives the value where it is used.

    >>> print(Secret("sk-upstream-0123456789"), Secret("sk-upstream-0123456789").hint)
    *** …6789
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    @property
    def hint(self) -> str:
        """The end of the value, for people who must tell two apart (SEC-4); of a short one nothing."""
        return f"…{self._value[-4:]}" if len(self._value) >= _SHORTEST_HINTED else "…"

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a secret is no key of a dictionary

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not pickled or copied")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a text or a Secret, and give `***` whenever a model that holds it is written out."""
        del source, handler
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
            python_schema=core_schema.union_schema(
                [
                    core_schema.is_instance_schema(cls),
                    core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
                ]
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )
