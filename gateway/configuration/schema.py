"""The JSON schema of the configuration file, for editors and for whoever writes the file by program."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.configuration.sources import FREE_PREFIX, section_of
from gateway.settings import Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_schema(declared: Mapping[str, tuple[type[BaseModel], str]]) -> dict[str, Any]:
    """Return the schema; `declared` gives the section of each kind of object its model and what is said about it."""
    kinds: list[tuple[type[BaseModel], Literal["validation"]]] = [(Settings, "validation")]
    kinds += [(kind, "validation") for kind, _ in declared.values()]
    _, definitions = models_json_schema(kinds, ref_template="#/$defs/{model}")
    found = definitions["$defs"]
    root = found.pop("Settings")
    for name, field in Settings.model_fields.items():
        if section_of(field):  # a section whose lines are all commented out is null to YAML
            root["properties"][name] = _or_null(root["properties"][name])
    for name, (kind, text) in declared.items():
        body = found[kind.__name__]
        body["properties"].pop("name")  # it is the key in front
        body["required"] = [one for one in body.get("required", []) if one != "name"]
        objects = {"type": "object", "additionalProperties": _or_null({"$ref": f"#/$defs/{kind.__name__}"})}
        root["properties"][name] = {**_or_null(objects), "description": text}
    return {
        "$schema": _DIALECT,
        **root,
        "title": "modelport configuration",
        "patternProperties": {f"^{FREE_PREFIX}": {"description": "Not read: a place for anchors."}},
        "$defs": found,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key in {"description", "default"}}
    bare = {key: value for key, value in schema.items() if key not in described}
    return {"anyOf": [bare, {"type": "null"}], **described}
