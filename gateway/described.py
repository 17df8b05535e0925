"""The base of settings and of what the API takes and gives: each member is described by the text that stands below it.

Settled here: what nobody has asked for yet is not made. pydantic reads such texts itself (`use_attribute_docstrings`),
but at import, 5 ms for every class, and it builds a validator for every class then, too: together a quarter of a start.
Here a validator is built at its first use, and the texts are read when a description is made.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Described(BaseModel):
    """Frozen, and without unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler, /) -> dict[str, Any]:
        """Return pydantic's schema with the texts as descriptions; a `Field(description=…)` goes before."""
        schema = handler(core)
        members = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in cls.member_texts().items():
            members[cls.model_fields[name].alias or name].setdefault("description", text)
        return schema

    @classmethod
    def member_texts(cls) -> dict[str, str]:
        """Return what is said below each member, inherited ones included."""
        texts = {name: text for kind in reversed(cls.__mro__) for name, text in _texts_of(kind).items()}
        return {name: texts[name] for name in cls.model_fields if name in texts}


def _texts_of(kind: type) -> Mapping[str, str]:
    if not issubclass(kind, Described) or kind.__pydantic_generic_metadata__["origin"]:
        return {}
    return _texts_in(kind.__module__).get(kind.__name__, {})


@cache
def _texts_in(module: str) -> dict[str, dict[str, str]]:
    """Return the texts below the members, by class and member."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {one.name: dict(_members(one)) for one in ast.walk(tree) if isinstance(one, ast.ClassDef)}


def _members(declared: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for member, below in pairwise(declared.body):
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield member.target.id, inspect.cleandoc(text)
