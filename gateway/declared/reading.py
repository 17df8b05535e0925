"""From the sections of a file to declared objects: shapes, names, what is declared twice. Pure; all findings at once.

What only the database or the machine can tell (a name that the API has taken, a variable that is not set) is found by
`plan.py` and `reconcile.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError
from yarl import URL

from gateway.configuration.document import Document
from gateway.configuration.finding import ConfigurationError, Finding
from gateway.configuration.masking import shown_path
from gateway.configuration.wording import meant, worded
from gateway.declared.model import (
    SECTIONS,
    Body,
    Declared,
    DeclaredAlias,
    DeclaredEndpoint,
    DeclaredGateway,
    DeclaredKey,
    DeclaredModel,
    DeclaredTeam,
    Entry,
    shown,
)
from gateway.errors import GatewayError
from gateway.registry.address import check_path, check_url, cut_operation
from gateway.registry.inputs import Input
from gateway.registry.names import DEFAULT_TEAM, check_gateway_name, check_model_name, check_team_name

Path = tuple[str | int, ...]
_T = TypeVar("_T", bound=Input)


def read_declared(sections: Mapping[str, Any], document: Document | None) -> Declared:
    """Return what the sections declare.

    Raises:
        ConfigurationError: everything that is wrong with them.
    """
    declared, findings = examine_declared(sections, document)
    if findings:
        raise ConfigurationError(findings)
    return declared


def examine_declared(sections: Mapping[str, Any], document: Document | None) -> tuple[Declared, list[Finding]]:
    """Return what the sections declare as far as it is right, and what is wrong."""
    given: dict[str, Any] = {name: sections[name] for name in SECTIONS if name in sections}
    reading = _Reading(document)
    teams = tuple(reading.slugs("teams", given, DeclaredTeam, check_team_name))
    gateways = tuple(reading.gateways(given))
    reading.teams |= {entry.name for entry in teams}
    models = tuple(reading.models(given))
    aliases = tuple(reading.named("aliases", given, DeclaredAlias))
    endpoints = {entry.key: tuple(reading.endpoints(entry)) for entry in models}
    reading.refuse_twice([*models, *aliases])
    declared = Declared(
        teams=teams,
        gateways=gateways,
        models=models,
        endpoints=endpoints,
        aliases=aliases,
        keys=tuple(reading.keys(given)),
        anything=bool(given),
        digest=hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest(),
    )
    return declared, reading.findings


@dataclass
class _Reading:
    """One reading of a file. `teams` are the names that may stand in front of a slash."""

    document: Document | None
    findings: list[Finding] = field(default_factory=list)
    teams: set[str] = field(default_factory=lambda: {DEFAULT_TEAM})

    def at(self, path: Path) -> str:
        """Return `modelport.yaml:12`: the file's name alone, since callers of the API see it."""
        if self.document is None:
            return "configuration"
        place = self.document.place(*path)
        line = place.removeprefix(str(self.document.path))
        return f"{self.document.path.name}{line}"

    def refuse(self, path: Path, message: str, hint: str | None = None) -> None:
        """Note a fault at a place of the file."""
        where = self.document.place(*path) if self.document is not None else "configuration"
        self.findings.append(Finding(where, shown_path(path), message, hint))

    def bodies(self, section: str, given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], Path]]:
        """Yield name, body and place of each object in a section."""
        objects = given.get(section) or {}
        if not isinstance(objects, Mapping):
            self.refuse((section,), "must hold objects by name", "write `name:` and its fields on the lines below")
            return
        for key, written in objects.items():
            path: Path = (section, key)
            body = {} if written is None else written
            if section == "aliases" and isinstance(body, str):
                body = {"model": body}
            if not isinstance(body, Mapping):
                self.refuse(path, "must have fields of its own", "write them on the lines below, or nothing at all")
            elif "name" in body:
                self.refuse((*path, "name"), "is not written here", f"the name is the key in front: {key}")
            else:
                yield key, dict(body), path

    def checked(self, kind: type[_T], body: Mapping[str, Any], path: Path) -> _T | None:
        """Return the body as its type, or None when it is refused."""
        try:
            return kind.model_validate_json(json.dumps(body, default=str), strict=True)
        except ValidationError as error:
            for item in error.errors(include_url=False):
                self._refused(kind, item, path)
        return None

    def named(self, section: str, given: Mapping[str, Any], kind: type[Body]) -> Iterator[Entry[Body]]:
        """Yield models or aliases, whose key may begin with their team: `research/qwen3`."""
        for key, body, path in self.bodies(section, given):
            team, slash, rest = key.partition("/")
            if "team" in body or not slash or team not in self.teams:
                team, rest = body.get("team") or DEFAULT_TEAM, key
            checked = self.checked(kind, {**body, "name": rest, "team": team}, path)
            if checked is not None and self.passes(path, check_model_name, rest):
                yield Entry(team, rest, checked, path, self.at(path))

    def models(self, given: Mapping[str, Any]) -> Iterator[Entry[DeclaredModel]]:
        """Yield the models whose published path is served."""
        for entry in self.named("models", given, DeclaredModel):
            path, team = entry.body.path, entry.team
            if path is None or self.passes((*entry.path, "path"), check_path, path, team):
                yield entry

    def endpoints(self, model: Entry[DeclaredModel]) -> Iterator[Entry[DeclaredEndpoint]]:
        """Yield a model's endpoints with their addresses as they are kept: in the normal form, without an operation."""
        for number, body in enumerate(model.body.endpoints):
            path = (*model.path, "endpoints", number)
            if (url := self.url((*path, "base_url"), body.base_url, "base_url")) is not None:
                changed = body.model_copy(update={"base_url": str(cut_operation(url)[0])})
                yield Entry(model.team, model.name, changed, path, self.at(path))

    def slugs(
        self, section: str, given: Mapping[str, Any], kind: type[Body], check: Callable[[str], str]
    ) -> Iterator[Entry[Body]]:
        """Yield teams or gateways."""
        for key, body, path in self.bodies(section, given):
            checked = self.checked(kind, {**body, "name": key}, path)
            if checked is not None and self.passes(path, check, key):
                yield Entry("", key, checked, path, self.at(path))

    def gateways(self, given: Mapping[str, Any]) -> Iterator[Entry[DeclaredGateway]]:
        """Yield gateways with their addresses in the normal form, one default at most."""
        default: str | None = None
        for entry in self.slugs("gateways", given, DeclaredGateway, check_gateway_name):
            if entry.body.is_default and default is not None:
                self.refuse((*entry.path, "is_default"), f"{default} is the default already", "there is one at most")
            default = entry.name if entry.body.is_default else default
            if (url := self.url((*entry.path, "url"), entry.body.url, "url")) is not None:
                body = entry.body.model_copy(update={"url": str(url)})
                yield Entry("", entry.name, body, entry.path, entry.at)

    def keys(self, given: Mapping[str, Any]) -> Iterator[Entry[DeclaredKey]]:
        """Yield what keys may do."""
        for key, body, path in self.bodies("keys", given):
            checked = self.checked(DeclaredKey, {**body, "name": key}, path)
            if checked is not None:
                yield Entry(checked.team or "", key, checked, path, self.at(path))

    def url(self, path: Path, text: str, param: str) -> URL | None:
        """Return a full address in its normal form, or None when it is refused."""
        try:
            return check_url(text, param=param)
        except GatewayError as error:
            self.refuse(path, error.message, error.hint)
            return None

    def passes(self, path: Path, check: Callable[..., object], *values: str) -> bool:
        """Whether the check takes the values; else note why not."""
        try:
            check(*values)
        except GatewayError as error:
            self.refuse(path, error.message, error.hint)
            return False
        return True

    def refuse_twice(self, entries: list[Entry[DeclaredModel] | Entry[DeclaredAlias]]) -> None:
        """Note names that two models or aliases of a team share: callers could not tell them apart."""
        first: dict[tuple[str, str], Entry[DeclaredModel] | Entry[DeclaredAlias]] = {}
        for entry in entries:
            if (other := first.setdefault(entry.key, entry)) is not entry:
                self.refuse(entry.path, f"{shown(*entry.key)} is declared in {other.at} already", "choose another name")

    def _refused(self, kind: type[Input], item: Mapping[str, Any], path: Path) -> None:
        location = tuple(item["loc"])
        message, hint = worded(item)
        if item["type"] == "extra_forbidden":
            fields = DeclaredEndpoint.model_fields if location[0] == "endpoints" else kind.model_fields
            hint = meant(str(location[-1]), [name for name in fields if name != "name"])
        if location == ("name",):
            location = ()
        self.refuse((*path, *location), message, hint)
