"""SQLAlchemy's asyncio engine without its ORM, which nothing here uses: that would cost every start 0.1 s and 8 MB.

`sqlalchemy.ext.asyncio` imports its sessions, and with them the ORM, before its engine can be had. So the package is
entered here as it lies on disk, and its own `__init__` runs only when somebody asks it for anything else.
"""

import importlib.util
import sys
from types import ModuleType
from typing import Any, Final

import sqlalchemy.ext

_PACKAGE: Final = "sqlalchemy.ext.asyncio"


class _Later(ModuleType):
    """The package before its `__init__` ran; its modules can be imported."""

    def __getattr__(self, name: str) -> Any:
        module = name.startswith("__") or importlib.util.find_spec(f"{_PACKAGE}.{name}") is not None
        if module or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment] # from here on it is a package as any other
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _enter() -> None:
    if _PACKAGE in sys.modules or (spec := importlib.util.find_spec(_PACKAGE)) is None:
        return
    package = importlib.util.module_from_spec(spec)
    package.__class__ = _Later
    sys.modules[_PACKAGE] = package
    setattr(sqlalchemy.ext, "asyncio", package)  # noqa: B010 - mypy knows no such attribute of the package


_enter()

from sqlalchemy.ext.asyncio.engine import (  # noqa: E402, TID251 - the one place, and only after the line above
    AsyncConnection,
    AsyncEngine,
    create_async_engine,
)

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
