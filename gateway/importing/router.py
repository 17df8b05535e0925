"""What stands beside LiteLLM's `model_list`: aliases become aliases, everything else is named with its reason."""

from gateway.importing.draft import Draft
from gateway.importing.reasons import SECTIONS, SETTINGS, reason
from gateway.importing.source import Place

_ALIASES = {"router_settings": "model_group_alias", "litellm_settings": "model_alias_map"}
_GROUPS = ("router_settings", "litellm_settings", "general_settings")


def read_rest(source: Place, draft: Draft) -> None:
    """Go through every other section."""
    for section, place in source.entries():
        if section in {"model_list", "credential_list"}:
            continue
        if section == "environment_variables":
            for name, variable in place.entries():
                draft.nothing(variable, f"give {name} to the server's process, if an endpoint's key is in it")
        elif section in _GROUPS:
            _read_settings(place, draft, aliases=_ALIASES.get(section))
        else:
            draft.nothing(place, reason(section, SECTIONS))


def _read_settings(section: Place, draft: Draft, *, aliases: str | None) -> None:
    for key, place in section.entries():
        if key == aliases:
            for name, target in place.entries():
                _read_alias(name, target, draft)
        else:
            draft.nothing(place, reason(key, SETTINGS))


def _read_alias(name: str, place: Place, draft: Draft) -> None:
    """Take `alias: model`, or `alias: {model: …, hidden: true}`."""
    target = place.text or place.at("model").text
    if target is None:
        draft.nothing(place, "it names no model", name=name)
        return
    hidden = place.at("hidden").value is True
    draft.alias(place, name, target, "it is listed, unlike there" if hidden else "")
