"""llama-swap's models and peers.

llama-swap starts a server for each model and stops it again; modelport starts nothing. So a model becomes an endpoint
at the server's own address, or, with `through`, at llama-swap itself, which goes on starting and stopping.
"""

import re
from collections.abc import Iterator, Mapping

from gateway.importing.draft import Draft, Found
from gateway.importing.plan import Plan
from gateway.importing.reasons import LLAMA_SWAP, LLAMA_SWAP_MODEL, reason
from gateway.importing.source import Place

_FIRST_PORT = 5800  # llama-swap's default for ${PORT}; models take the following ones in the order of their names
_MACRO = re.compile(r"\$\{([^}]*)\}")
_DEEP = 10  # macros within macros
_READ = {"cmd", "proxy", "aliases", "useModelName", "description", "macros"}
_STARTED = (
    "llama-swap starts it when it is called: keep it running by other means, or import with --base-url of llama-swap"
)
_PEER_READ = {"proxy", "apiKey", "models"}


def read_llama_swap(source: Place, environment: Mapping[str, str], *, through: str | None = None) -> Plan:
    """Return what a llama-swap configuration comes to; `through` is llama-swap's own base_url."""
    draft = Draft("llama-swap configuration", environment)
    models = dict(source.at("models").entries())
    ports = _ports(source, models)
    for name, place in models.items():
        macros = _Macros(source, place, name, ports.get(name), environment)
        _read_model(name, place, macros, draft, through)
    for name, place in source.at("peers").entries():
        _read_peer(name, place, _Macros(source, place, name, None, environment), draft)
    for key, place in source.entries():
        if key not in {"models", "peers"}:
            draft.nothing(place, "it is filled in where it stands" if key == "macros" else reason(key, LLAMA_SWAP))
    return draft.plan()


class _Macros:
    """Fills in `${…}`; what cannot be known stays."""

    def __init__(
        self, source: Place, model: Place, name: str, port: int | None, environment: Mapping[str, str]
    ) -> None:
        self._environment = environment
        shared = {key: str(place.value) for key, place in source.at("macros").entries()}
        own = {key: str(place.value) for key, place in model.at("macros").entries()}
        fixed = {"MODEL_ID": name} | ({} if port is None else {"PORT": str(port)})
        self._values = shared | own | fixed

    def fill(self, text: str) -> str:
        """Return the text with every known macro in it replaced."""
        for _ in range(_DEEP):
            filled = _MACRO.sub(self._value, text)
            if filled == text:
                break
            text = filled
        return text

    def _value(self, found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("env."):
            return self._environment.get(name.removeprefix("env."), found[0])
        return self._values.get(name, found[0])


def _ports(source: Place, models: Mapping[str, Place]) -> dict[str, int]:
    """Return the port of each model whose command or address holds ${PORT}."""
    first = source.at("startPort").number
    automatic = sorted(
        name
        for name, place in models.items()
        if any("${PORT}" in text for text in _texts(source, place)) or place.at("proxy").text is None
    )
    return {name: int(first or _FIRST_PORT) + index for index, name in enumerate(automatic)}


def _texts(source: Place, model: Place) -> Iterator[str]:
    """Yield command and address with the macros filled in that may hold a ${PORT}."""
    macros = _Macros(source, model, "", None, {})
    yield from (macros.fill(text) for key in ("cmd", "proxy") if (text := model.at(key).text))


def _read_model(name: str, place: Place, macros: _Macros, draft: Draft, through: str | None) -> None:
    notes: list[str] = []
    base_url = through or _below(macros.fill(place.at("proxy").text or "http://localhost:${PORT}"))
    if place.at("cmd").value is not None and through is None:
        notes.append(_STARTED)
    own = None if through else place.at("useModelName").text
    if "${" in base_url:
        draft.nothing(place, "its address holds a macro or variable that is not known here", name=name)
        return
    draft.endpoint(Found(place, name, base_url, macros.fill(own) if own else name, notes=notes))
    for alias in _aliases(place):
        draft.alias(alias, macros.fill(alias.text or alias.at("id").text or ""), name)
    variants = place.at("filters").at("setParamsByID")
    for key, value in variants.entries():
        if (variant := macros.fill(key)) != name:
            draft.nothing(value, f"{variant} is this model with other parameters: callers send those themselves")
    if place.at("cmd").value is not None:
        draft.nothing(place.at("cmd"), "modelport starts no processes: keep what starts it")
    for key, value in place.entries():
        if key not in _READ:
            draft.nothing(value, reason(key, LLAMA_SWAP_MODEL))


def _aliases(place: Place) -> Iterator[Place]:
    yield from (one for one in place.at("aliases").items() if one.text or one.at("id").text)


def _read_peer(name: str, place: Place, macros: _Macros, draft: Draft) -> None:
    base_url = _below(macros.fill(place.at("proxy").text or ""))
    for model in place.at("models").items():
        notes: list[str] = []
        key = _peer_key(place.at("apiKey").text, name, macros, draft, notes)
        draft.endpoint(Found(model, str(model.value), base_url, str(model.value), api_key=key, notes=notes))
    for setting, value in place.entries():
        if setting not in _PEER_READ:
            draft.nothing(value, reason(setting, LLAMA_SWAP_MODEL))


def _peer_key(text: str | None, peer: str, macros: _Macros, draft: Draft, notes: list[str]) -> str | None:
    if text is None:
        return None
    if (variable := re.fullmatch(r"\$\{env\.([^}]+)\}", text)) is not None:
        return draft.reference(variable[1], notes)
    return draft.typed_key(macros.fill(text), f"{peer}_API_KEY", notes)


def _below(root: str) -> str:
    """Return where OpenAI's paths begin: llama-swap puts the caller's whole path behind the address."""
    bare = root.rstrip("/")
    return bare if bare.endswith("/v1") else f"{bare}/v1"
