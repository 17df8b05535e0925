"""Which program a model server is, and what it serves, told from the answers to a few GETs without a key.

Pure: whoever asks brings the answers. A sign is what only one program answers; where there is none, the usual port
makes a guess that is called one. The forms are those of each program's own documentation (preflight.md section 9).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from gateway.registry.names import MAX_MODEL_NAME

MAX_MODELS = 5000
"""Names of one server that are kept."""
_UNAUTHORIZED = (401, 403)
_OK = 200
_LOADING = 503


class Answer(Struct, frozen=True):
    """An answer to one GET. `data` is its JSON, None where it is none; header names are in lower case."""

    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Answers = Mapping[str, Answer]
"""By path, as it was asked for."""


class Served(Struct, frozen=True, kw_only=True):
    """A model that a server names."""

    id: str
    task: str = "chat"
    loaded: bool | None = None
    """None where the server does not say."""


class Engine(Struct, frozen=True, kw_only=True):
    """A model server."""

    name: str
    version: str | None
    path: str
    """Where its OpenAI paths begin: /v1."""
    models: tuple[Served, ...] = ()
    needs_key: bool = False
    """Whether it names its models only to who has a key."""
    loading: bool = False
    guessed: bool = False
    """Whether only the port tells its name."""


class Sign(Struct, frozen=True):
    """What tells one program from all others: a path and what its answer must be."""

    name: str
    path: str
    fits: Callable[[Any], bool]
    version: Callable[[Any], Any] = lambda _: None
    statuses: tuple[int, ...] = (_OK,)


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda data: isinstance(data, dict) and all(key in data for key in keys)


def _says(key: str, text: str) -> Callable[[Any], bool]:
    return lambda data: isinstance(data, dict) and text in str(data.get(key))


def _member(key: str) -> Callable[[Any], Any]:
    return lambda data: data.get(key) if isinstance(data, dict) else None


def _owned_by(*owners: str) -> Callable[[Any], bool]:
    return lambda data: any(row.get("owned_by") in owners for row in _rows(data, "data"))


def _lm_studio(data: Any) -> bool:
    return any("compatibility_type" in row or "quantization" in row for row in _rows(data, "data"))


def _llama_loading(data: Any) -> bool:
    error = data.get("error") if isinstance(data, dict) else None
    return isinstance(error, dict) and error.get("message") == "Loading model"


SIGNS: tuple[Sign, ...] = (
    Sign("KoboldCpp", "/api/extra/version", _says("result", "KoboldCpp"), _member("version")),
    Sign("LM Studio", "/api/v0/models", _lm_studio),
    Sign("text-generation-webui", "/v1/internal/model/info", _has("model_name", "lora_names")),
    Sign("SGLang", "/get_model_info", _has("model_path", "is_generation")),
    Sign("SGLang", "/v1/models", _owned_by("sglang")),
    Sign("TGI", "/info", _has("model_id", "max_total_tokens"), _member("version")),
    Sign("TEI", "/info", _has("model_id", "max_client_batch_size", "tokenization_workers"), _member("version")),
    Sign("llama-swap", "/running", _has("running")),
    Sign("llama.cpp", "/props", _has("default_generation_settings"), _member("build_info")),
    Sign("llama.cpp", "/v1/models", _owned_by("llamacpp")),
    Sign("llama.cpp", "/health", _llama_loading, statuses=(_LOADING,)),
    Sign("LocalAI", "/system", _has("backends", "loaded_models")),
    Sign("vLLM", "/v1/models", _owned_by("vllm")),
    Sign("Ollama", "/api/version", _has("version"), _member("version")),
    Sign("Ollama", "/api/tags", _has("models")),
    Sign("llama-cpp-python", "/v1/models", _owned_by("me")),
    Sign("GPT4All", "/v1/models", _owned_by("humanity")),
    Sign("Docker Model Runner", "/engines/v1/models", _owned_by("docker")),
    Sign("Lemonade", "/api/v1/models", _owned_by("lemonade")),
)
"""In this order: KoboldCpp and LM Studio also answer what Ollama does, llama-swap what llama.cpp does."""

_BY_SERVER_HEADER = {"llama.cpp": "llama.cpp"}
_LISTS = ("/v1/models", "/engines/v1/models", "/api/v1/models")
PATHS: tuple[str, ...] = tuple(dict.fromkeys((*_LISTS, *(sign.path for sign in SIGNS), "/version")))
"""What has to be asked for."""

USUAL_PORTS: dict[int, str] = {
    11434: "Ollama",
    8000: "vLLM",
    8080: "llama.cpp",
    1234: "LM Studio",
    30000: "SGLang",
    1337: "Jan",
    4891: "GPT4All",
    5000: "text-generation-webui",
    5001: "KoboldCpp",
    9997: "Xinference",
    10240: "MLX",
    12434: "Docker Model Runner",
    3000: "TGI",
    80: "TGI",
    8001: "vLLM",
    8081: "MLX",
    13305: "Lemonade",
}
"""Where model servers listen when nobody told them otherwise (3000 and 80: TGI's container as its documentation maps
it; 8080 is LocalAI's, TGI's and MLX's, too)."""


def is_modelport(answers: Answers) -> bool:
    """Whether modelport itself answered."""
    return any(answer.headers.get("server", "").startswith("modelport") for answer in answers.values())


def identify(answers: Answers, *, port: int, names: bool = True) -> Engine | None:
    """Return the model server that gave these answers; None when it is none, or modelport itself.

    Without `names` its models are left out: 5,000 of them take 20 ms.
    """
    if is_modelport(answers):
        return None
    sign = next((one for one in SIGNS if _fits(one, answers)), None)
    path = next((one for one in _LISTS if _is_list(answers.get(one))), None)
    guarded = next((one for one in _LISTS if _is_guarded(answers.get(one))), None)
    if sign is None and path is None and (guarded is None or port not in USUAL_PORTS):
        return None
    name = sign.name if sign else _by_header(answers)
    return Engine(
        name=name or USUAL_PORTS.get(port, "OpenAI-compatible"),
        version=_version(sign, name, answers),
        path=(path or guarded or "/v1/models").removesuffix("/models"),
        models=_models(answers, path) if names else (),
        needs_key=path is None and guarded is not None,
        loading=any(_llama_loading(answer.data) for answer in answers.values() if answer.status == _LOADING),
        guessed=name is None,
    )


def suggested_name(model: str) -> str:
    """Return a name to publish a server's model under: servers of files name the file.

    >>> suggested_name("/models/Qwen3-8B-Q4_K_M.gguf"), suggested_name("llama3.1:8b")
    ('Qwen3-8B-Q4_K_M', 'llama3.1:8b')
    """
    text = model.replace("\\", "/")
    if text.startswith(("/", ".", "~")) or text.endswith(".gguf") or ":/" in text:
        text = text.rstrip("/").rpartition("/")[2].removesuffix(".gguf")
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._@+:/-") else "-" for letter in text)
    parts = [part for part in kept.split("/") if part not in {"", ".", ".."}]
    return "/".join(parts)[:MAX_MODEL_NAME] or "model"


def _fits(sign: Sign, answers: Answers) -> bool:
    answer = answers.get(sign.path)
    return answer is not None and answer.status in sign.statuses and sign.fits(answer.data)


def _by_header(answers: Answers) -> str | None:
    servers = {answer.headers.get("server", "").lower() for answer in answers.values()}
    return next(
        (name for begins, name in _BY_SERVER_HEADER.items() if any(s.startswith(begins) for s in servers)), None
    )


def _version(sign: Sign | None, name: str | None, answers: Answers) -> str | None:
    """Return the version that the sign's answer holds, else the one under /version (vLLM, SGLang, LocalAI)."""
    same = (one for one in SIGNS if one.name == name and _fits(one, answers)) if sign else ()
    found = next((value for one in same if (value := one.version(answers[one.path].data))), None)
    if found is None and "/version" in answers:
        found = _member("version")(answers["/version"].data)
    return found if isinstance(found, str) and found else None


def _is_list(answer: Answer | None) -> bool:
    return answer is not None and answer.status == _OK and _has("data")(answer.data) and _is_rows(answer.data["data"])


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) and "id" in row for row in value)


def _is_guarded(answer: Answer | None) -> bool:
    return answer is not None and answer.status in _UNAUTHORIZED and isinstance(answer.data, dict)


def _models(answers: Answers, path: str | None) -> tuple[Served, ...]:
    native = {row.get("id"): row for row in _rows(_data(answers, "/api/v0/models"), "data")}
    tags = {row.get("name"): row for row in _rows(_data(answers, "/api/tags"), "models")}
    listed = [str(row["id"]) for row in _rows(_data(answers, path or ""), "data") if row.get("id")]
    names = listed or [str(name) for name in tags if name]
    return tuple(_served(name, native.get(name, {}), tags.get(name, {})) for name in dict.fromkeys(names[:MAX_MODELS]))


def _served(name: str, native: Mapping[str, Any], tag: Mapping[str, Any]) -> Served:
    families = (tag.get("details") or {}).get("families") or () if isinstance(tag.get("details"), dict) else ()
    embeds = native.get("type") == "embeddings" or "bert" in str(families) or "embed" in name.lower()
    state = native.get("state")
    loaded = None if state is None else state == "loaded"
    return Served(id=name, task="embeddings" if embeds else _by_name(name), loaded=loaded)


def _by_name(name: str) -> str:
    words = name.lower()
    return "audio" if "whisper" in words else "rerank" if "rerank" in words else "chat"


def _data(answers: Answers, path: str) -> Any:
    answer = answers.get(path)
    return answer.data if answer is not None and answer.status == _OK else None


def _rows(data: Any, key: str) -> Iterable[dict[str, Any]]:
    found = data.get(key) if isinstance(data, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
