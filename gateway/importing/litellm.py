"""LiteLLM's `model_list`: each deployment becomes an endpoint, those of one `model_name` share the calls by weight."""

from collections.abc import Mapping

from gateway.importing.draft import Draft, Found
from gateway.importing.plan import Plan
from gateway.importing.providers import NATIVE, PROVIDERS, Provider, split_model
from gateway.importing.reasons import MODEL_INFO, parameter_reason, reason
from gateway.importing.router import read_rest
from gateway.importing.source import Place

_TASKS = {
    "audio_speech": "audio",
    "audio_transcription": "audio",
    "chat": "chat",
    "completion": "completions",
    "embedding": "embeddings",
    "image_generation": "images",
    "moderation": "moderations",
    "rerank": "rerank",
    "responses": "chat",
}
_LIMITS = {"timeout": "total_timeout_s", "stream_timeout": "first_byte_timeout_s"}
_SHARES = ("weight", "rpm", "tpm")  # which of them LiteLLM shares the calls by, the first that is there
_READ = {
    "model",
    "api_base",
    "base_url",
    "api_key",
    "custom_llm_provider",
    "litellm_credential_name",
    "weight",
    *_LIMITS,
}
_VARIABLE = "os.environ/"


def read_litellm(source: Place, environment: Mapping[str, str]) -> Plan:
    """Return what a LiteLLM configuration comes to."""
    draft = Draft("LiteLLM configuration", environment)
    credentials = {
        str(one.at("credential_name").text): one.at("credential_values") for one in source.at("credential_list").items()
    }
    groups: dict[str | None, list[Place]] = {}
    for entry in source.at("model_list").items():
        groups.setdefault(entry.at("model_name").text, []).append(entry)
    for entry in source.at("model_list").items():
        group = groups[entry.at("model_name").text]
        _Deployment(entry, draft, credentials).read(_share(group) if len(group) > 1 else None)
    for one in source.at("credential_list").items():
        for key, place in one.at("credential_values").entries():
            if key not in {"api_key", "api_base", "base_url"}:
                draft.nothing(place, parameter_reason(key))
    read_rest(source, draft)
    return draft.plan()


def _share(group: list[Place]) -> str | None:
    """Return by what the deployments of a name share its calls: the first measure that one of them has."""
    return next((one for one in _SHARES if any(entry.at("litellm_params").at(one).number for entry in group)), None)


class _Deployment:
    """One entry of the list."""

    def __init__(self, entry: Place, draft: Draft, credentials: Mapping[str, Place]) -> None:
        self._entry = entry
        self._draft = draft
        self._params = entry.at("litellm_params")
        self._shared = credentials.get(self._params.at("litellm_credential_name").text or "")
        self._notes: list[str] = []

    def read(self, share: str | None) -> None:
        """Add the endpoint, or why there is none, and what it leaves behind."""
        name, model = self._entry.at("model_name").text, self._params.at("model").text
        if name is None or model is None:
            self._draft.nothing(self._entry, "it lacks model_name or litellm_params.model", name=name)
            return
        if "*" in name or "*" in model:
            why = "a wildcard: models are named one by one, so that a misspelt name is told; write each of them"
            self._draft.nothing(self._entry, why, name=name)
            return
        self._publish(name, model, share)
        self._leave_behind(share)

    def _publish(self, name: str, model: str, share: str | None) -> None:
        prefix, own = split_model(model, self._params.at("custom_llm_provider").text)
        provider = PROVIDERS.get(prefix or "")
        if provider is None:
            self._draft.nothing(self._entry, _unknown(prefix, model), name=name)
            return
        base_url = self._base_url(provider)
        if base_url is None:
            why = "; ".join(self._notes) or f"{prefix} has no public address: name the server's as api_base"
            self._draft.nothing(self._entry, why, name=name)
            return
        if own.startswith("responses/"):
            own = own.removeprefix("responses/")
        if provider.note:
            self._notes.append(provider.note)
        found = Found(
            self._entry,
            name,
            base_url,
            provider.renamed(own) if base_url == provider.base_url else own,
            api_key=self._api_key(provider, name, is_public=base_url == provider.base_url),
            share=self._params.at(share).number if share else None,
            task=_TASKS.get(self._entry.at("model_info").at("mode").text or "", provider.task),
            limits={ours: value for theirs, ours in _LIMITS.items() if (value := self._params.at(theirs).number)},
            notes=self._notes,
        )
        self._draft.endpoint(found)

    def _given(self, *keys: str) -> str | None:
        """Return a parameter of the deployment, else of the credential that it names."""
        places = [self._params, *([self._shared] if self._shared else [])]
        return next((text for place in places for key in keys if (text := place.at(key).text)), None)

    def _base_url(self, provider: Provider) -> str | None:
        text = self._given("api_base", "base_url")
        if text is None:
            return provider.base_url
        if text.startswith(_VARIABLE):
            name = text.removeprefix(_VARIABLE)
            text = self._draft.variable(name)
            if not text:
                self._notes.append(
                    f"its address is in the variable {name}, which is not set here: set it, import again"
                )
                return None
        text = text.strip().removesuffix("/chat/completions")
        bare = text.rstrip("/")
        return f"{bare}/v1" if provider.adds_v1 and not bare.endswith("/v1") else text

    def _api_key(self, provider: Provider, name: str, *, is_public: bool) -> str | None:
        text = self._given("api_key")
        if text is None:
            if not is_public or provider.variable is None:
                return None
            self._notes.append(f"LiteLLM finds its key in {provider.variable}, and so will the server")
            return self._draft.reference(provider.variable, self._notes)
        if text.startswith(_VARIABLE):
            return self._draft.reference(text.removeprefix(_VARIABLE), self._notes)
        suggestion = provider.variable if is_public and provider.variable else f"{name}_API_KEY"
        return self._draft.typed_key(text, suggestion, self._notes)

    def _leave_behind(self, share: str | None) -> None:
        for key, place in self._params.entries():
            if key in _READ:
                continue
            why = parameter_reason(key)
            self._draft.nothing(place, f"{why}; its ratio became the weight" if key == share else why)
        for key, place in self._entry.at("model_info").entries():
            if key != "mode" or place.text not in _TASKS:
                self._draft.nothing(place, reason(key, MODEL_INFO, otherwise="it describes the model; not kept"))
        for key, place in self._entry.entries():
            if key not in {"model_name", "litellm_params", "model_info"}:
                self._draft.nothing(place, parameter_reason(key))


def _unknown(prefix: str | None, model: str) -> str:
    if prefix in NATIVE:
        return f"{prefix}: {NATIVE[prefix]}"
    if prefix is not None:
        return f"the provider {prefix} is not known here: if its API is OpenAI's, write openai/ and its api_base"
    return (
        f"whose model {model} is, only LiteLLM's own list says: write PROVIDER/{model}, or openai/{model} with api_base"
    )
