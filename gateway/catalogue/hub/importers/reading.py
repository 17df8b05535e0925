"""Which list a file is, and what it comes to. Numbers are read from their own digits, never through floats."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.importers.litellm import read_litellm
from gateway.catalogue.hub.importers.models_dev import read_models_dev
from gateway.catalogue.hub.importers.row import Imported, Terms

_HINT = "take https://models.dev/api.json, or LiteLLM's model_prices_and_context_window.json"


def read_list(text: str, terms: Terms) -> Imported:
    """Return what a list comes to; which one it is shows in its shape.

    Raises:
        HubFault: it is neither of the lists that are known here.
    """
    try:
        document = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise HubFault(f"it is not JSON: {error}", hint=_HINT) from error
    if not isinstance(document, Mapping) or not document:
        raise HubFault("it is no list of models: an object with one member for each is expected", hint=_HINT)
    if any(_has(one, "models") for one in document.values()):
        return read_models_dev(document, terms)
    if any(_has(one, "litellm_provider") for one in document.values()):
        return read_litellm(document, terms)
    raise HubFault("it is no list that is known here", hint=_HINT)


def _has(value: Any, member: str) -> bool:
    return isinstance(value, Mapping) and member in value
