"""Why something of another program's configuration has no counterpart here, and what to do instead."""

_CALLERS_SAY = "a parameter that LiteLLM adds to every call: here the caller's body is passed on as it is"
_ACCOUNT = "a header of the account: callers send it themselves"
_PRICES = "prices are not kept with a model"
_LIMITS = "limits of an upstream are not kept: it answers 429 itself, and another endpoint is tried"
_LOGS = "calls are counted by /metrics and /api/v1/usage; there are no callbacks"
_KEYS = "keys are made by: modelport keys create NAME"
_CACHE = "answers are not cached"
_ROUTING = "calls are shared out by weight, and an endpoint that fails rests for a while"
_FALLBACK = "a model has endpoints to fall back to, but no other model: add the other one as an endpoint"
_RETRIES = "an attempt that failed before anything was answered goes to another endpoint by itself"
_TIMEOUT = "time limits for every model are in the settings `timeouts`"
_CLOUD = "a setting of a cloud's own protocol"

LITELLM_PARAMETERS = {
    "api_version": _CLOUD,
    "azure_ad_token": _CLOUD,
    "budget_duration": "budgets are not kept with an upstream",
    "configurable_clientside_auth_params": "callers never choose an address or an upstream's key",
    "cooldown_time": _ROUTING,
    "extra_headers": "headers to upstreams are not configured",
    "default_headers": "headers to upstreams are not configured",
    "input_cost_per_token": _PRICES,
    "max_budget": "budgets are not kept with an upstream",
    "max_parallel_requests": _LIMITS,
    "max_retries": _RETRIES,
    "merge_reasoning_content_in_choices": "answers are passed on byte for byte",
    "mock_response": "there are no mocked answers; `modelport serve --demo` has a model that echoes",
    "num_retries": _RETRIES,
    "organization": _ACCOUNT,
    "output_cost_per_token": _PRICES,
    "project": _ACCOUNT,
    "region_name": _CLOUD,
    "rpm": _LIMITS,
    "ssl_verify": "certificates of upstreams are always checked; SSL_CERT_FILE names further authorities",
    "tags": "calls are not routed by tags",
    "tpm": _LIMITS,
    "use_in_pass_through": "there are no pass-through routes",
}
_BY_BEGINNING = {
    "aws_": _CLOUD,
    "azure_": _CLOUD,
    "input_cost": _PRICES,
    "output_cost": _PRICES,
    "vertex_": _CLOUD,
    "watsonx_": _CLOUD,
    "redis": "several processes share the database, and nothing else",
    "cache": _CACHE,
    "alerting": "alerts are made of /metrics",
    "slack": "alerts are made of /metrics",
    "database": "modelport has a database of its own: database.url",
    "key_management": "keys to upstreams are references: env:NAME, file:PATH or keyring:SERVICE/USER",
    "health_check": "endpoints are not called to learn whether they live",
    "max_budget": "budgets are not kept yet",
    "ui_": "there is no such page",
}
MODEL_INFO = {
    "id": "endpoints get ids of their own",
    "base_model": _PRICES,
    "access_groups": "a key names its models: modelport keys create NAME --model NAME",
}
SETTINGS = {
    "allowed_fails": _ROUTING,
    "allowed_fails_policy": _ROUTING,
    "background_health_checks": "endpoints are not called to learn whether they live",
    "callbacks": _LOGS,
    "content_policy_fallbacks": _FALLBACK,
    "context_window_fallbacks": _FALLBACK,
    "cooldown_time": _ROUTING,
    "default_fallbacks": _FALLBACK,
    "disable_cooldowns": _ROUTING,
    "drop_params": "parameters are never taken away: the upstream's own answer is passed on",
    "enable_pre_call_checks": "the upstream itself says when a prompt is too long",
    "failure_callback": _LOGS,
    "fallbacks": _FALLBACK,
    "json_logs": "set log.format: json",
    "master_key": "the first start prints a key of the administrator",
    "max_parallel_requests": "set server.max_connections",
    "modify_params": "bodies are passed on byte for byte",
    "num_retries": _RETRIES,
    "request_timeout": f"{_TIMEOUT}: total_s",
    "retry_policy": _RETRIES,
    "routing_strategy": _ROUTING,
    "routing_strategy_args": _ROUTING,
    "service_callbacks": _LOGS,
    "set_verbose": "set log.level: debug",
    "stream_timeout": f"{_TIMEOUT}: first_byte_stream_s",
    "success_callback": _LOGS,
    "timeout": f"{_TIMEOUT}: total_s",
    "turn_off_message_logging": "prompts are never logged",
}
"""Of router_settings, litellm_settings and general_settings."""

SECTIONS = {
    "callback_settings": _LOGS,
    "files_settings": "files go to the endpoint that a team names as its default for files",
    "finetune_settings": "fine-tuning is not carried",
    "guardrails": "prompts are neither looked into nor changed",
    "include": "import each of these files by itself",
    "mcp_servers": "tools are not served",
    "vector_store_registry": "vector stores are not served",
}

_PROCESS = "modelport starts no processes: keep what starts it"
_SWAP = "which models may run together is the business of what starts them"

LLAMA_SWAP_MODEL = {
    "checkEndpoint": "endpoints are not called to learn whether they live",
    "cmdStop": _PROCESS,
    "concurrencyLimit": _LIMITS,
    "env": _PROCESS,
    "filters": "bodies are passed on byte for byte, but for the model's name",
    "macros": "they are filled in where they stand",
    "metadata": "there is one text for people: --description",
    "name": "a model has one name; give the other one as an alias",
    "sendLoadingState": "nothing is put into an answer",
    "timeouts": "a model's own time limits: modelport models edit NAME --first-byte-timeout",
    "ttl": "modelport unloads nothing: that is up to what runs the model",
    "unlisted": "what a key may see is said by the key",
}
LLAMA_SWAP = {
    "apiKeys": _KEYS,
    "captureBuffer": "calls are never recorded",
    "globalTTL": LLAMA_SWAP_MODEL["ttl"],
    "groups": _SWAP,
    "healthCheckTimeout": LLAMA_SWAP_MODEL["checkEndpoint"],
    "hooks": _PROCESS,
    "includeAliasesInList": "aliases are listed beside their models",
    "logLevel": "set log.level",
    "logTimeFormat": "the time in the log is RFC 3339",
    "logToStdout": "the log is on stderr",
    "matrix": _SWAP,
    "metricsMaxInMemory": _LOGS,
    "sendLoadingState": LLAMA_SWAP_MODEL["sendLoadingState"],
    "startPort": "it is used for ${PORT} where it stands",
}
UNKNOWN = "it has no counterpart"


def reason(key: str, *tables: dict[str, str], otherwise: str = UNKNOWN) -> str:
    """Return why a setting has no counterpart."""
    for table in tables:
        if key in table:
            return table[key]
    return next((why for begins, why in _BY_BEGINNING.items() if key.startswith(begins)), otherwise)


def parameter_reason(key: str) -> str:
    """Return the same for a parameter of LiteLLM's calls: what is not known is one of OpenAI's own."""
    return reason(key, LITELLM_PARAMETERS, otherwise=_CALLERS_SAY)
