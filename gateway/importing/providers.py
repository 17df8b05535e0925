"""Whose API is OpenAI's, under which public address, and whose is not: by the prefixes that LiteLLM gives to models.

Addresses are those that the providers document for OpenAI's clients (November 2026). `variable` is where LiteLLM looks
for the key when the list names none.
"""

from collections.abc import Callable

from msgspec import Struct


class Provider(Struct, frozen=True):
    """A provider whose calls are OpenAI's."""

    base_url: str | None
    """Its public address; None where only the installation knows it."""
    variable: str | None = None
    adds_v1: bool = False
    """Whether LiteLLM's api_base is the server's root, while OpenAI's paths are below /v1."""
    task: str | None = None
    note: str = ""
    renamed: Callable[[str], str] = str
    """From LiteLLM's name of a model to the provider's own."""


def _hub_name(name: str) -> str:
    """Return the router's name: LiteLLM puts the inference provider in front, the router behind a colon."""
    provider, _, model = name.partition("/")
    return f"{model}:{provider}" if model.count("/") == 1 else name


def _fireworks_name(name: str) -> str:
    return name if name.startswith("accounts/") else f"accounts/fireworks/models/{name}"


_ANTHROPIC_NOTE = "by Anthropic's OpenAI-compatible layer, which lacks some of its own features (prompt caching)"
_GEMINI_NOTE = "by Gemini's OpenAI-compatible address"

PROVIDERS: dict[str, Provider] = {
    "ai21": Provider("https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    "ai21_chat": Provider("https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    "anthropic": Provider("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", adds_v1=True, note=_ANTHROPIC_NOTE),
    "cerebras": Provider("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "codestral": Provider("https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
    "cohere": Provider("https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    "cohere_chat": Provider("https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    "custom_openai": Provider(None),
    "dashscope": Provider("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "databricks": Provider(None, "DATABRICKS_API_KEY"),
    "deepinfra": Provider("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "docker_model_runner": Provider("http://localhost:12434/engines/v1"),
    "featherless_ai": Provider("https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY"),
    "fireworks_ai": Provider("https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY", renamed=_fireworks_name),
    "friendliai": Provider("https://api.friendli.ai/serverless/v1", "FRIENDLI_TOKEN"),
    "gemini": Provider("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", note=_GEMINI_NOTE),
    "groq": Provider("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "hosted_vllm": Provider(None),
    "huggingface": Provider("https://router.huggingface.co/v1", "HF_TOKEN", adds_v1=True, renamed=_hub_name),
    "hyperbolic": Provider("https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
    "infinity": Provider(None),
    "jina_ai": Provider("https://api.jina.ai/v1", "JINA_AI_API_KEY"),
    "lambda_ai": Provider("https://api.lambda.ai/v1", "LAMBDA_API_KEY"),
    "lemonade": Provider("http://localhost:8000/api/v1"),
    "litellm_proxy": Provider(None, "LITELLM_PROXY_API_KEY"),
    "llamafile": Provider("http://127.0.0.1:8080/v1"),
    "lm_studio": Provider("http://localhost:1234/v1"),
    "mistral": Provider("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "moonshot": Provider("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "nebius": Provider("https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
    "novita": Provider("https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
    "nscale": Provider("https://inference.api.nscale.com/v1", "NSCALE_API_KEY"),
    "nvidia_nim": Provider("https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    "ollama": Provider("http://localhost:11434/v1", adds_v1=True),
    "ollama_chat": Provider("http://localhost:11434/v1", adds_v1=True),
    "openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openai_like": Provider(None),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "perplexity": Provider("https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
    "sambanova": Provider("https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "text-completion-openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY", task="completions"),
    "together_ai": Provider("https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
    "vercel_ai_gateway": Provider("https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"),
    "volcengine": Provider("https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY"),
    "voyage": Provider("https://api.voyageai.com/v1", "VOYAGE_API_KEY", task="embeddings"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY"),
    "xinference": Provider("http://127.0.0.1:9997/v1"),
}

_AZURE = (
    "Azure's classic API puts the deployment and an api-version into the address; newer resources also answer as "
    "OpenAI does: add https://NAME.openai.azure.com/openai/v1 as an endpoint"
)
_AWS = "it is called by AWS's own protocol with signed requests"
_GOOGLE = "it is called by Google's own protocol with tokens that expire"
_OWN = "it has a protocol of its own"

NATIVE: dict[str, str] = {
    "aleph_alpha": _OWN,
    "assemblyai": _OWN,
    "aws_polly": _AWS,
    "azure": _AZURE,
    "azure_ai": _AZURE,
    "azure_text": _AZURE,
    "baseten": _OWN,
    "bedrock": _AWS,
    "bedrock_converse": _AWS,
    "clarifai": _OWN,
    "cloudflare": _OWN,
    "deepgram": _OWN,
    "elevenlabs": _OWN,
    "maritalk": _OWN,
    "nlp_cloud": _OWN,
    "oci": "it is called by Oracle's own protocol with signed requests",
    "oobabooga": "LiteLLM calls its old API; it also answers as OpenAI does: write openai/ with api_base …/v1",
    "palm": _GOOGLE,
    "petals": _OWN,
    "predibase": _OWN,
    "recraft": _OWN,
    "replicate": _OWN,
    "runwayml": _OWN,
    "sagemaker": _AWS,
    "sagemaker_chat": _AWS,
    "snowflake": _OWN,
    "stability": _OWN,
    "triton": _OWN,
    "vertex_ai": _GOOGLE,
    "vertex_ai_beta": _GOOGLE,
    "vllm": "LiteLLM loads that model into its own process; start vLLM's server and write hosted_vllm/ with api_base",
    "watsonx": _OWN,
    "watsonx_text": _OWN,
}
"""Prefixes whose calls are not OpenAI's, with the reason."""

_GUESSED = {
    "openai": (
        "gpt-",
        "o1",
        "o3",
        "o4",
        "chatgpt-",
        "text-embedding-",
        "dall-e-",
        "whisper-",
        "tts-",
        "omni-",
        "ft:gpt-",
    ),
    "anthropic": ("claude-",),
}


def guess_provider(model: str) -> str | None:
    """Return the provider of a name without a prefix, where it is beyond doubt.

    >>> guess_provider("gpt-4o-mini"), guess_provider("my-model")
    ('openai', None)
    """
    return next((name for name, begins in _GUESSED.items() if model.startswith(begins)), None)


def split_model(model: str, provider: str | None = None) -> tuple[str | None, str]:
    """Return the provider and the provider's own name of a model.

    >>> split_model("openrouter/qwen/qwen3")
    ('openrouter', 'qwen/qwen3')
    """
    prefix, slash, rest = model.partition("/")
    if provider is not None:
        return provider, rest if slash and prefix == provider else model
    if slash and (prefix in PROVIDERS or prefix in NATIVE):
        return prefix, rest
    return guess_provider(model), model
