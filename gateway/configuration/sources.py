"""What a file, the variables and the flags say, as `path of a setting -> value`; what they say of nothing is a finding.

Pure; used by loading.py alone.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from msgspec import Struct, field
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from gateway.configuration.document import Document, Keys
from gateway.configuration.finding import Finding
from gateway.configuration.masking import shown_path
from gateway.configuration.origin import Origin
from gateway.configuration.wording import meant, nearest
from gateway.settings import CLIENT_VARIABLES, ENV_PREFIX, Section, Settings

DECLARED = ("teams", "gateways", "models", "aliases", "keys")
"""Sections of the file that are no settings but objects of the registry: `gateway.declared` reads them."""
FREE_PREFIX = "x-"
"""Top-level keys that begin so are ours to ignore: a place for anchors, as in compose files."""
_SECTION = (
    "must be a section with keys of its own",
    "write them below it, like `port: 3000`, with a blank after the colon",
)


class Given(Struct):
    """What one source says: values by the setting's path, each with its origin."""

    values: dict[str, tuple[Any, Origin]] = field(default_factory=dict)
    declared: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@cache
def setting_fields() -> dict[str, FieldInfo]:
    """Return every setting by its path, like `server.port`, in the order of the tree."""
    return dict(_fields(Settings, ""))


def section_of(model: FieldInfo) -> type[Section] | None:
    """Return the section that a field holds, None for a setting."""
    kind = model.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def variable_of(name: str) -> str:
    """Return the variable of a setting.

    >>> variable_of("server.port")
    'MODELPORT_SERVER__PORT'
    """
    return ENV_PREFIX + name.replace(".", "__").upper()


def from_document(document: Document) -> Given:
    """Return what the file says; the sections of declared objects are handed on as they stand."""
    given = Given(findings=list(document.findings))

    def read(values: Mapping[str, Any], model: type[BaseModel], at: Keys) -> None:
        for key, value in values.items():
            keys = (*at, key)
            found = model.model_fields.get(key)
            section = section_of(found) if found else None
            if found is None:
                if not at and key in DECLARED:
                    given.declared[key] = {} if value is None else value
                elif at or not key.startswith(FREE_PREFIX):
                    known = setting_fields() if at else [*setting_fields(), *model.model_fields, *DECLARED]
                    hint = meant(".".join(map(str, keys)), known)
                    given.findings.append(Finding(document.place(*keys), shown_path(keys), "unknown setting", hint))
            elif section is None:
                given.values[".".join(map(str, keys))] = value, Origin("file", document.place(*keys))
            elif isinstance(value, dict):
                read(value, section, keys)
            elif value is not None:  # a section whose lines are all commented out is an empty one
                given.findings.append(Finding(document.place(*keys), shown_path(keys), *_SECTION))

    read(document.values, Settings, ())
    return given


def from_variables(variables: Mapping[str, str], *, referred: frozenset[str]) -> Given:
    """Return what the variables with our prefix say; an empty one is as good as unset.

    `referred` are those that a setting names as `env:NAME`: they may have our prefix and stand for no setting.
    """
    given = Given()
    names = {variable_of(name): name for name in setting_fields()}
    for variable, text in sorted(variables.items()):
        upper = variable.upper()
        if not upper.startswith(ENV_PREFIX) or upper in CLIENT_VARIABLES or variable in referred:
            continue
        if (name := names.get(upper)) is None:
            given.findings.append(_stray_variable(variable, setting_fields()))
        elif text:
            try:
                given.values[name] = decode(text, setting_fields()[name]), Origin("variable", variable)
            except ValueError as error:
                given.findings.append(Finding(variable, name, str(error), 'write ["one", "two"], or one,two'))
    return given


def from_flags(flags: Mapping[str, Any]) -> Given:
    """Return what the flags say: nested mappings like the file."""
    given = Given()
    for name in setting_fields():
        node: Any = flags
        for part in name.split("."):
            node = node.get(part) if isinstance(node, Mapping) else None
        if node is not None:
            given.values[name] = node, Origin("flag", "--" + name.rpartition(".")[2].replace("_", "-"))
    return given


def decode(text: str, setting: FieldInfo) -> Any:
    """Return the value that a variable's text means; text that does not fit stays text, for the validator to refuse.

    A list is written as JSON, or as its items with commas between them.

    Raises:
        ValueError: it begins like JSON and is none.
    """
    text = text.strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8") from None
    if get_origin(setting.annotation) in {tuple, list, dict}:
        if text[:1] not in {"[", "{"}:
            return [item.strip() for item in text.split(",") if item.strip()]
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("holds broken JSON") from None
    if setting.annotation is str or str in get_args(setting.annotation):
        return text
    try:
        return TypeAdapter[Any](setting.annotation).validate_strings(text)  # type: ignore[arg-type]  # a field has one
    except ValidationError:
        return int(text) if text.isdecimal() else text


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, found in model.model_fields.items():
        if section := section_of(found):
            yield from _fields(section, f"{prefix}{name}.")
        else:
            yield prefix + name, found


def _stray_variable(variable: str, names: Mapping[str, FieldInfo]) -> Finding:
    name = variable.upper().removeprefix(ENV_PREFIX).replace("__", ".").lower()
    section = name.partition(".")[0]
    if section in DECLARED:
        hint = f"{section} are declared in the file, under {section}:"
    elif near := nearest(name, names) or next((one for one in names if one.startswith(f"{name}.")), None):
        hint = f"did you mean {variable_of(near)}?"
    else:
        hint = "`modelport config show` lists every setting"
    return Finding(variable, "", "the variable stands for no setting", hint)
