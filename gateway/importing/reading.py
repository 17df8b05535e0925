"""Which program a text was written for, and what it comes to."""

from collections.abc import Mapping

from gateway.errors import ConfigError
from gateway.importing.litellm import read_litellm
from gateway.importing.llama_swap import read_llama_swap
from gateway.importing.openai_list import read_openai_list
from gateway.importing.plan import Plan
from gateway.importing.source import Place, parse


def read(text: str, environment: Mapping[str, str], *, base_url: str | None = None, api_key: str | None = None) -> Plan:
    """Return what a model list of another program becomes.

    Args:
        text: the file's content.
        environment: answers for variables that stand in addresses.
        base_url: where the models of a plain list run; of a llama-swap file, llama-swap itself.
        api_key: reference to the key for the models of a plain list.

    Raises:
        ConfigError: no YAML or JSON, or none of the formats.
    """
    source = parse(text)
    if isinstance(source.at("model_list").value, list):
        return read_litellm(source, environment)
    models = source.at("models")
    if isinstance(models.value, Mapping) or isinstance(source.at("peers").value, Mapping):
        if any(place.at("endpoints").value is not None for _, place in models.entries()):
            raise ConfigError("this is a file of modelport's own", hint="start the server with --config FILE")
        return read_llama_swap(source, environment, through=base_url)
    if isinstance(source.value, list) or isinstance(source.at("data").value, list) or isinstance(models.value, list):
        return read_openai_list(source, environment, base_url=base_url, api_key=api_key)
    raise ConfigError(f"this is no list of models: {_holds(source)}", hint=_FORMS)


_FORMS = (
    "LiteLLM's begins with `model_list:`, llama-swap's with `models:`, and a list as GET /v1/models answers it "
    'with {"data": [{"id": …}]}'
)


def _holds(source: Place) -> str:
    keys = [key for key, _ in source.entries()][:5]
    return f"it holds {', '.join(keys)}" if keys else "it holds no mapping and no list"
