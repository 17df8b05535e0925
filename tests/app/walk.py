"""Every operation of a running product as a request: the paths filled with ids, the data plane's table included."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from gateway.access.operations import MODEL
from gateway.access.operations import OPERATIONS as CALLS
from gateway.api.operation import OPERATIONS
from gateway.api.permissions import Permission
from tests.app.installation import Installation

_PARAMETER = re.compile(r"\{(\w+)[^}]*\}")
_PREFIXES = {"models": "mdl", "endpoints": "ep", "aliases": "als", "teams": "team", "gateways": "gw", "keys": "key"}


def nobody(noun: str) -> str:
    """Return an id of the noun's form that no object has."""
    return f"{_PREFIXES.get(noun, 'obj')}_{'a' * 20}"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation. `any_of` are the permissions of which one is needed; empty: it is public."""

    method: str
    path: str
    any_of: frozenset[Permission]

    @property
    def body(self) -> bytes | None:
        """A body that no operation takes, for methods that may have one."""
        return b'{"nonsense":1}' if self.method in {"POST", "PUT", "PATCH"} else None

    def __str__(self) -> str:
        """Return method and path."""
        return f"{self.method} {self.path}"


def management(product: Installation, ids: Mapping[str, str] | None = None) -> Iterator[Step]:
    """Yield the operations of router and API; `ids` are values of path parameters by the noun in front of them."""
    for one in product.app[OPERATIONS]:
        needed = frozenset() if one.permission is None else frozenset({one.permission})
        yield Step(one.method, _filled(one.path, ids or {}).removeprefix("/"), needed)


def data_plane(*mounts: str) -> Iterator[Step]:
    """Yield every call of the data plane below each mount."""
    for mount in mounts:
        for row in (*CALLS, MODEL):
            needed = {Permission.INFER} | ({Permission.REGISTRY_READ} if row.local else set())
            yield Step(row.method, mount + _filled(row.path, {}), frozenset(needed))


def _filled(path: str, ids: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        noun = path[: found.start()].rstrip("/").rpartition("/")[2]
        return "docs.js" if found[1] == "file" else quote(ids.get(noun) or nobody(noun), safe="")

    return _PARAMETER.sub(value, path)
