"""Lists as `GET /v1/models` answers them, and plain ones: `{"data": [{"id": …}]}`, `[{"id": …}]`, `["name", …]`."""

from collections.abc import Mapping

from gateway.importing.draft import Draft, Found
from gateway.importing.plan import Plan
from gateway.importing.source import Place

_NAMES = ("id", "name", "model")
_ADDRESSES = ("base_url", "api_base", "url")
_DESCRIBES = "it describes the model; not kept"


def read_openai_list(
    source: Place, environment: Mapping[str, str], *, base_url: str | None = None, api_key: str | None = None
) -> Plan:
    """Return what a list comes to; `base_url` and `api_key` (a reference) are for rows that have none of their own."""
    draft = Draft("list of models", environment)
    shared = base_url or _address(source)
    described: dict[str, Place] = {}
    for entry in _entries(source):
        name = entry.text or next((text for key in _NAMES if (text := entry.at(key).text)), None)
        own = _address(entry) or shared
        if name is None:
            draft.nothing(entry, "it has no id")
        elif own is None:
            draft.nothing(entry, "where it runs is not said: name it with --base-url", name=name)
        else:
            found = Found(entry, name, own, entry.at("upstream_model").text or name)
            found.api_key = _key(entry, api_key, draft, found)
            draft.endpoint(found)
        for key, place in entry.entries():
            if key not in {*_NAMES, *_ADDRESSES, "upstream_model", "api_key", "object"}:
                described.setdefault(key, place)
    for key, place in described.items():
        draft.nothing(place, f"{key}, here and in other rows: {_DESCRIBES}")
    for key, place in source.entries():
        if key not in {"data", "models", "object", *_ADDRESSES}:
            draft.nothing(place, _DESCRIBES)
    return draft.plan()


def _entries(source: Place) -> list[Place]:
    for place in (source.at("data"), source.at("models"), source):
        if isinstance(place.value, list):
            return list(place.items())
    return []


def _address(place: Place) -> str | None:
    return next((text for key in _ADDRESSES if (text := place.at(key).text)), None)


def _key(entry: Place, shared: str | None, draft: Draft, found: Found) -> str | None:
    typed = entry.at("api_key").text
    if typed is None:
        return shared
    if typed.startswith("env:"):
        return draft.reference(typed.removeprefix("env:"), found.notes)
    return draft.typed_key(typed, f"{found.name}_API_KEY", found.notes)
