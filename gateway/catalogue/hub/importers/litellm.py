"""LiteLLM's price list: `{model: {litellm_provider, mode, …}}`, in USD per token. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.catalogue.hub.importers.facts import Draft, amount, date, flag, known, text, tokens, words
from gateway.catalogue.hub.importers.row import Imported, Terms

KIND: Final = "LiteLLM price list"
_SOURCE: Final = {"name": "LiteLLM", "url": "https://github.com/BerriAI/litellm", "license": "MIT"}
_MILLION = 1_000_000
_EXAMPLE = "sample_spec"

_API = {
    "audio_speech": "openai.audio.speech",
    "audio_transcription": "openai.audio.transcriptions",
    "chat": "openai.chat",
    "completion": "openai.completions",
    "embedding": "openai.embeddings",
    "image_generation": "openai.images",
    "moderation": "openai.moderations",
    "rerank": "rerank",
    "responses": "openai.responses",
}
_CAPABILITIES = {
    "tools": "supports_function_calling",
    "json_schema": "supports_response_schema",
    "reasoning": "supports_reasoning",
    "stream": "supports_native_streaming",
    "prompt_caching": "supports_prompt_caching",
    "web_search": "supports_web_search",
}
_INTO = {
    "image": "supports_vision",
    "pdf": "supports_pdf_input",
    "audio": "supports_audio_input",
    "video": "supports_video_input",
}
_UNITS = (
    ("1M_tokens", _MILLION, "input_cost_per_token", "output_cost_per_token"),
    ("image", 1, "input_cost_per_image", "output_cost_per_image"),
    ("second", 1, "input_cost_per_second", "output_cost_per_second"),
    ("1M_characters", _MILLION, "input_cost_per_character", "output_cost_per_character"),
    ("query", 1, "input_cost_per_query", "output_cost_per_query"),
)
_CACHE = ("cache_read_input_token_cost", "cache_creation_input_token_cost")


def read_litellm(document: Mapping[str, Any], terms: Terms) -> Imported:
    """Return what the list comes to."""
    draft = Draft(KIND)
    for name, model in document.items():
        provider = text(model.get("litellm_provider")) if isinstance(model, Mapping) else None
        if name == _EXAMPLE:
            draft.nothing(name, "it describes the list, and is no model")
        elif provider is None or not isinstance(model, Mapping):
            draft.nothing(name, "it names no litellm_provider")
        elif terms.providers and provider not in terms.providers:
            draft.nothing(name, f"{provider} was not asked for")
        else:
            _read(draft, name, provider, model, terms)
    return draft.imported()


def _read(draft: Draft, name: str, provider: str, model: Mapping[str, Any], terms: Terms) -> None:
    notes: list[str] = []
    ends = date(model.get("deprecation_date"))
    mode = model.get("mode")
    api = _API.get(str(mode))
    if api is None:
        notes.append(f"mode {mode!r} is not known here" if mode else "it names no mode")
    entry = {
        "schema": 1,
        "id": name if name.startswith(f"{provider}/") else f"{provider}/{name}",
        "rev": 1,
        "kind": "offering",
        "status": "deprecated" if ends is not None and ends <= terms.today else "active",
        "source": _SOURCE | ({"version": terms.version} if terms.version else {}),
    } | known(
        publisher=provider,
        deprecated_at=ends,
        api=[api] if api else [],
        endpoint=_endpoint(provider, terms),
        modalities=_modalities(model),
        capabilities=known(**{ours: flag(model.get(theirs)) for ours, theirs in _CAPABILITIES.items()}),
        limits=known(context=tokens(model.get("max_input_tokens")), max_output=tokens(model.get("max_output_tokens"))),
        price=_price(model, terms, notes),
        availability=known(regions=[one for one in words(model.get("supported_regions")) if one != "global"]),
    )
    draft.entry(name, entry, notes)


def _endpoint(provider: str, terms: Terms) -> dict[str, str] | None:
    address = terms.addresses.get(provider)
    return {"base_url": address, "auth": "bearer"} if address else None


def _modalities(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said; a model that chats takes and gives text."""
    chats = text(model.get("mode")) in {"chat", "responses", "completion"}
    into = words(model.get("supported_modalities"))
    if not into and chats:
        into = ["text", *(ours for ours, theirs in _INTO.items() if model.get(theirs) is True)]
    out = words(model.get("supported_output_modalities"))
    if not out and chats:
        out = ["text", *(["audio"] if model.get("supports_audio_output") is True else [])]
    return known(into=into, out=out)


def _price(model: Mapping[str, Any], terms: Terms, notes: list[str]) -> dict[str, str] | None:
    """Return the price in the first unit that the list gives; the others are noted."""
    given = [one for one in model if "_cost" in one or "cost_per" in one]
    for unit, times, into, out in _UNITS:
        amounts = known(into=amount(model.get(into), times=times), out=amount(model.get(out), times=times))
        if not amounts:
            continue
        used = {into, out}
        if unit == "1M_tokens":
            read, write = (amount(model.get(one), times=times) for one in _CACHE)
            amounts |= known(cache_read=read, cache_write=write)
            used |= set(_CACHE)
        if left := [one for one in given if one not in used]:
            notes.append(f"left out: {', '.join(left)}")
        return {"currency": "USD", "unit": unit} | amounts | ({"as_of": terms.as_of} if terms.as_of else {})
    if given:
        notes.append(f"no price: {', '.join(given)}")
    return None
