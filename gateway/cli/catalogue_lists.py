"""Where the models of other lists are called: public addresses of providers by the names that these lists give them."""

from collections.abc import Mapping

from gateway.importing.providers import PROVIDERS

_MODELS_DEV = {
    "fireworks-ai": "fireworks_ai",
    "google": "gemini",
    "moonshotai": "moonshot",
    "togetherai": "together_ai",
}


def addresses() -> Mapping[str, str]:
    """Return the addresses below which a provider answers as OpenAI does; none that is on somebody's own machine."""
    public = {
        name: one.base_url for name, one in PROVIDERS.items() if one.base_url and one.base_url.startswith("https:")
    }
    return public | {theirs: public[ours] for theirs, ours in _MODELS_DEV.items() if ours in public}
