"""models.dev's `api.json`: `{provider: {name, api, npm, models: {id: {…}}}}`, in USD per million tokens. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.catalogue.hub.importers.facts import Draft, amount, date, flag, known, text, tokens, words
from gateway.catalogue.hub.importers.row import Imported, Terms

KIND: Final = "models.dev"
_SOURCE: Final = {"name": "models.dev", "url": "https://models.dev", "license": "MIT"}
_STATUS = {"alpha": "preview", "beta": "preview", "deprecated": "deprecated"}
_OPENAI = frozenset({"@ai-sdk/openai", "@ai-sdk/openai-compatible", "@openrouter/ai-sdk-provider"})
_LEFT_OUT = {
    "reasoning": "the price of reasoning tokens",
    "input_audio": "the price of audio that goes in",
    "output_audio": "the price of audio that comes out",
    "context_over_200k": "the price of long contexts",
    "tiers": "prices by length of context",
}


def read_models_dev(document: Mapping[str, Any], terms: Terms) -> Imported:
    """Return what the list comes to."""
    draft = Draft(KIND)
    for provider, said in document.items():
        models = said.get("models") if isinstance(said, Mapping) else None
        if not isinstance(models, Mapping):
            draft.nothing(provider, "it has no models")
        elif terms.providers and provider not in terms.providers:
            draft.nothing(provider, f"{len(models)} models of a provider that was not asked for")
        else:
            for name, model in models.items():
                if isinstance(model, Mapping):
                    _read(draft, provider, said, name, model, terms)
                else:
                    draft.nothing(f"{provider}/{name}", "it is no object")
    return draft.imported()


def _read(  # noqa: PLR0913, PLR0917 - what there is to read, and where it goes
    draft: Draft, provider: str, said: Mapping[str, Any], name: str, model: Mapping[str, Any], terms: Terms
) -> None:
    notes: list[str] = []
    modalities, limit = _part(model, "modalities"), _part(model, "limit")
    entry = {
        "schema": 1,
        "id": f"{provider}/{name}",
        "rev": 1,
        "kind": "offering",
        "status": _STATUS.get(str(model.get("status")), "active"),
        "source": _SOURCE | ({"version": terms.version} if terms.version else {}),
    } | known(
        display_name=text(model.get("name")),
        publisher=provider,
        family=text(model.get("family")),
        license=text(model.get("license")),
        open_weights=flag(model.get("open_weights")),
        api=_api(provider, said, model, terms),
        endpoint=_endpoint(provider, said, model, terms),
        modalities=known(into=words(modalities.get("input")), out=words(modalities.get("output"))),
        capabilities=known(
            tools=flag(model.get("tool_call")),
            json_schema=flag(model.get("structured_output")),
            reasoning=flag(model.get("reasoning")),
        ),
        limits=known(context=tokens(limit.get("context")), max_output=tokens(limit.get("output"))),
        price=_price(_part(model, "cost"), terms, notes),
        updated_at=date(model.get("last_updated")),
    )
    draft.entry(f"{provider}/{name}", entry, notes)


def _api(provider: str, said: Mapping[str, Any], model: Mapping[str, Any], terms: Terms) -> list[str]:
    """Return the interfaces that are known: of packages and addresses that speak OpenAI's, and of answers in text."""
    npm = text(_part(model, "provider").get("npm")) or text(said.get("npm"))
    if npm not in _OPENAI and provider not in terms.addresses:
        return []
    if "embedding" in str(model.get("family")):
        return ["openai.embeddings"]
    if _part(model, "provider").get("shape") == "responses":
        return ["openai.responses"]
    return ["openai.chat"] if "text" in words(_part(model, "modalities").get("output")) else []


def _endpoint(provider: str, said: Mapping[str, Any], model: Mapping[str, Any], terms: Terms) -> dict[str, str] | None:
    address = text(_part(model, "provider").get("api")) or text(said.get("api")) or terms.addresses.get(provider)
    if address is None or "$" in address or "{" in address:  # a place for what only the installation knows
        return None
    return {"base_url": address, "auth": "bearer"}


def _price(cost: Mapping[str, Any], terms: Terms, notes: list[str]) -> dict[str, str] | None:
    if not cost:
        return None
    if left := [what for name, what in _LEFT_OUT.items() if name in cost]:
        notes.append(f"left out: {', '.join(left)}")
    amounts = known(
        into=amount(cost.get("input")),
        out=amount(cost.get("output")),
        cache_read=amount(cost.get("cache_read")),
        cache_write=amount(cost.get("cache_write")),
    )
    if not amounts:
        return None
    return {"currency": "USD", "unit": "1M_tokens"} | amounts | ({"as_of": terms.as_of} if terms.as_of else {})


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = said.get(name)
    return part if isinstance(part, Mapping) else {}
