"""What an import comes to: a row for everything in the source, and the models and aliases to make."""

from typing import Any, Literal

from msgspec import Struct

Becomes = Literal["endpoint", "alias", "nothing"]


class Row(Struct, frozen=True, kw_only=True):
    """What one thing of the source becomes. `source` is its path there, `line` counts from 1."""

    source: str
    line: int | None
    becomes: Becomes
    name: str | None = None
    """The model's or the alias' name."""
    target: str | None = None
    """The model of an alias."""
    base_url: str | None = None
    upstream_model: str | None = None
    api_key: str | None = None
    """A reference, env:NAME; never a key."""
    weight: int | None = None
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Endpoint(Struct, frozen=True, kw_only=True):
    """One place where an imported model runs."""

    base_url: str
    upstream_model: str | None = None
    api_key: str | None = None
    weight: int = 1

    def as_input(self) -> dict[str, Any]:
        """Return what the API and modelport.yaml take; what is usual is left out."""
        given = {"base_url": self.base_url, "upstream_model": self.upstream_model, "api_key": self.api_key}
        return {name: value for name, value in given.items() if value} | ({} if self.weight == 1 else _weight(self))


class Model(Struct, frozen=True, kw_only=True):
    """A model to make."""

    name: str
    task: str
    endpoints: tuple[Endpoint, ...]
    limits: tuple[tuple[str, float], ...] = ()
    """Its own time limits by the API's names, in seconds."""

    def as_input(self) -> dict[str, Any]:
        """Return what the API and modelport.yaml take, without the name."""
        task = {} if self.task == "chat" else {"task": self.task}
        return {**task, **dict(self.limits), "endpoints": [one.as_input() for one in self.endpoints]}


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that the source holds."""

    kind: str
    """The source's format, in words."""
    rows: tuple[Row, ...]
    models: tuple[Model, ...]
    aliases: tuple[tuple[str, str], ...]
    """Alias and its model."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the server must have for the endpoints' keys."""
        named = (one.api_key for model in self.models for one in model.endpoints)
        return tuple(dict.fromkeys(name.removeprefix("env:") for name in named if name and name.startswith("env:")))

    def declared(self) -> dict[str, Any]:
        """Return the sections of modelport.yaml that declare it."""
        sections: dict[str, Any] = {"version": 1, "models": {one.name: one.as_input() for one in self.models}}
        return sections | ({"aliases": dict(self.aliases)} if self.aliases else {})


def _weight(endpoint: Endpoint) -> dict[str, Any]:
    return {"weight": endpoint.weight}
