"""Defaults, file, variables and flags together: the settings, and the objects that the file declares.

Order, weakest first: defaults < file < `MODELPORT_…` variables < flags. A list is replaced whole, never merged.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.configuration.document import Document, Keys, read
from gateway.configuration.finding import ConfigurationError, Finding
from gateway.configuration.masking import shown_path
from gateway.configuration.origin import DEFAULT, Origin
from gateway.configuration.sources import Given, from_document, from_flags, from_variables, setting_fields
from gateway.configuration.wording import NO_REFERENCE, worded
from gateway.settings import ENV_PREFIX, Settings

FILE_NAME = "modelport.yaml"
"""Read from the working directory when no other file is named."""
_REFERENCES = ("secrets.kek", "secrets.pepper")


@dataclass(frozen=True)
class Configuration:
    """What a start goes by. `declared` are the file's sections of objects, unread; `origins` knows every setting."""

    settings: Settings
    declared: Mapping[str, Any] = field(default_factory=dict)
    document: Document | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """The same with everything that is wrong in it: `settings` is None when there is a finding."""

    settings: Settings | None
    declared: Mapping[str, Any]
    document: Document | None
    origins: Mapping[str, Origin]
    findings: tuple[Finding, ...]


def load(
    path: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """Return the configuration of file, environment and flags; flags are nested mappings like the file.

    Raises:
        ConfigurationError: everything that is wrong, at once.
    """
    document = read(path) if path is not None else None
    reading = examine(document, flags=flags, environment=environment)
    if reading.settings is None:
        raise ConfigurationError(reading.findings)
    return Configuration(reading.settings, reading.declared, document, reading.origins)


def examine(
    document: Document | None,
    *,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Reading:
    """Return what the sources say, right or wrong; the findings in the order of the file, variables and flags last."""
    file = from_document(document) if document is not None else Given()
    variables = os.environ if environment is None else environment
    referred = frozenset(_referred(variables, file))
    sources = (file, from_variables(variables, referred=referred), from_flags(flags or {}))
    values: dict[str, tuple[Any, Origin]] = {}
    for source in sources:
        values |= source.values
    settings: Settings | None = None
    refused: list[Finding] = []
    try:
        settings = Settings.model_validate_json(_as_json(values), strict=True)
    except ValidationError as error:
        refused = list(_refusals(error, values, document))
    findings = in_order([*(finding for source in sources for finding in source.findings), *refused], document)
    return Reading(
        settings=None if findings else settings,
        declared=file.declared,
        document=document,
        origins={name: values[name][1] if name in values else DEFAULT for name in setting_fields()},
        findings=tuple(findings),
    )


def discover(named: Path | None, *, folder: Path | None = None) -> Path | None:
    """Return the file to read: the named one, else `modelport.yaml` in the working directory if it is there."""
    if named is not None:
        return named
    found = (folder or Path()) / FILE_NAME
    return found if found.is_file() else None


def in_order(findings: Sequence[Finding], document: Document | None) -> list[Finding]:
    """Return the findings in the order in which a person mends them; the sort is stable."""

    def place(finding: Finding) -> int:
        path, _, line = finding.where.rpartition(":")
        return int(line) if document is not None and path == str(document.path) and line.isdigit() else 1 << 31

    return sorted(findings, key=place)


def _as_json(values: Mapping[str, tuple[Any, Origin]]) -> str:
    """Return the values as JSON: there a list may become a tuple and text a path, and nothing else changes type."""
    tree: dict[str, Any] = {}
    for name, (value, _) in values.items():
        *sections, last = name.split(".")
        node = tree
        for part in sections:
            node = node.setdefault(part, {})
        node[last] = value
    return json.dumps(tree, default=str)


def _referred(variables: Mapping[str, str], file: Given) -> Iterator[str]:
    """Yield the variables that a setting names as `env:NAME`."""
    texts = [value for name, value in variables.items() if name.upper().startswith(ENV_PREFIX)]
    texts += [value for name in _REFERENCES if isinstance(value := file.values.get(name, ("",))[0], str)]
    yield from (text.removeprefix("env:") for text in texts if text.startswith("env:"))


def _refusals(
    error: ValidationError, values: Mapping[str, tuple[Any, Origin]], document: Document | None
) -> Iterator[Finding]:
    told: set[str] = set()
    for item in error.errors(include_url=False):
        name = _setting_at(item["loc"])
        if name in told:  # a value of two allowed types is refused twice
            continue
        told.add(name)
        origin = values[name][1] if name in values else DEFAULT
        where, keys = str(origin), tuple(name.split("."))
        if origin.source == "file" and document is not None:
            at: Keys = (*keys, *(part for part in item["loc"] if isinstance(part, int)))
            where = document.place(*at)
        message, hint = NO_REFERENCE if name in _REFERENCES else worded(item)
        yield Finding(where, shown_path(keys), message, hint)


def _setting_at(location: Sequence[str | int]) -> str:
    """Return the setting that an error's location lies in; the whole location when there is none."""
    for end in range(len(location), 0, -1):
        if (name := ".".join(map(str, location[:end]))) in setting_fields():
            return name
    return ".".join(map(str, location))
