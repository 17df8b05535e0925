"""A configuration as it may be shown: every value with its origin, no secret among them. Pure.

Used by the API, `config show` and `config diff`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from gateway.configuration.document import Document, Keys
from gateway.configuration.loading import Configuration
from gateway.configuration.masking import mask_text, shown_path
from gateway.configuration.origin import DEFAULT, Origin
from gateway.configuration.sources import setting_fields
from gateway.observe.masking import MASK
from gateway.settings import Settings

_SECRET_KEYS = ("api_key", "apikey", "authorization", "cookie", "credential", "password", "secret", "token")
_REFERENCES = ("env:", "file:", "keyring:")
_PATHS = ("data_dir", "secrets.file_directory")
"""Judged folder by folder: a long path is no random text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One value as JSON has it, and where it came from. `raw` is for comparing alone: it may be a secret."""

    name: str
    value: Any
    origin: Origin
    raw: Any = field(default=None, repr=False)


def settings_data(configuration: Configuration, *, hot: Callable[[str], bool]) -> dict[str, Any]:
    """Return the configuration as the API answers it and `config show` prints it (the shape is in routes.py)."""
    defaults = shown_defaults()
    document = configuration.document
    return {
        "file": str(document.path) if document is not None else None,
        "settings": [
            {
                "name": one.name,
                "value": one.value,
                "default": defaults[one.name],
                "origin": _origin(one),
                "hot": hot(one.name),
            }
            for one in shown_settings(configuration)
        ],
        "declared": [
            {"name": one.name, "value": one.value, "origin": _origin(one)}
            for one in shown_declared(configuration.declared, document)
        ],
    }


def shown_settings(configuration: Configuration) -> list[Shown]:
    """Return every setting in the order of the tree."""
    values = _values(configuration.settings)
    origins = configuration.origins
    return [Shown(name, masked(name, value), origins.get(name, DEFAULT), value) for name, value in values.items()]


def shown_defaults() -> dict[str, Any]:
    """Return the default of every setting."""
    return _values(Settings())


def shown_declared(declared: Mapping[str, Any], document: Document | None) -> list[Shown]:
    """Return every value of the declared objects, by the keys that lead to it."""

    def place(keys: Keys) -> Origin:
        return Origin("file", document.place(*keys) if document is not None else "")

    return [
        Shown(shown_path(keys), masked(str(_word(keys)), value), place(keys), value) for keys, value in leaves(declared)
    ]


def of_team(declared: Mapping[str, Any], team: str) -> dict[str, Any]:
    """Return the objects that somebody of a team may see: its own, and the gateways, which are everybody's (ACL-3)."""
    teams = {"default", *_section(declared, "teams")}

    def owner(section: str, name: str, body: Any) -> str | None:
        prefix, slash, _ = name.partition("/")
        if section in {"models", "aliases"} and slash and prefix in teams:
            return prefix
        said = body.get("team") if isinstance(body, Mapping) else None
        return name if section == "teams" else str(said) if said else None if section == "keys" else "default"

    seen = {
        section: {
            name: body
            for name, body in _section(declared, section).items()
            if section == "gateways" or owner(section, name, body) == team
        }
        for section in declared
    }
    return {section: objects for section, objects in seen.items() if objects}


def _section(declared: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = declared.get(name)
    return found if isinstance(found, Mapping) else {}


def leaves(value: Any, at: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield the single values below, with the keys that lead to them; an empty section or list is one, too."""
    members: Iterator[tuple[str | int, Any]] | None = None
    if isinstance(value, Mapping):
        members = iter(value.items())
    elif isinstance(value, list):
        members = iter(enumerate(value))
    if members is None or not value:
        if at:
            yield at, value
        return
    for key, inner in members:
        yield from leaves(inner, (*at, key))


def masked(name: str, value: Any) -> Any:
    """Return the value without what is secret in it: by the word that it stands under, and by its own form."""
    if isinstance(value, list):
        return [masked(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith(_REFERENCES) or name in _PATHS:
        kind, colon, rest = value.partition(":") if name not in _PATHS else ("", "", value)
        return kind + colon + "/".join(map(mask_text, rest.split("/")))
    word = name.rpartition(".")[2].lower().replace("-", "_")
    return MASK if value and any(one in word for one in _SECRET_KEYS) else mask_text(value)


def _origin(shown: Shown) -> dict[str, str]:
    return {"source": shown.origin.source, "place": shown.origin.place}


def _word(keys: Keys) -> str | int:
    """Return the last key that is a word: an item of a list is judged by the list's name."""
    return next((key for key in reversed(keys) if isinstance(key, str)), "")


def _values(settings: BaseModel) -> dict[str, Any]:
    tree = settings.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name in setting_fields():
        node: Any = tree
        for part in name.split("."):
            node = node[part]
        found[name] = node
    return found
