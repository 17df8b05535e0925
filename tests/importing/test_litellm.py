from pathlib import Path

import pytest

from gateway.importing.plan import Model, Plan, Row
from gateway.importing.reading import read

TEXT = (Path(__file__).parent / "files" / "litellm.yaml").read_text()


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Give what the example comes to on a machine without its variables."""
    return read(TEXT, {})


def _model(plan: Plan, name: str) -> Model:
    return next(one for one in plan.models if one.name == name)


def _row(plan: Plan, source: str) -> Row:
    return next(row for row in plan.rows if row.source == source)


def test_deployments_of_one_name_share_its_calls(plan: Plan) -> None:
    """LiteLLM picks by rpm: 600 to 200 is three to one."""
    assert [
        (one.base_url, one.upstream_model, one.api_key, one.weight) for one in _model(plan, "gpt-4o").endpoints
    ] == [
        ("https://api.openai.com/v1", None, "env:OPENAI_API_KEY", 3),
        ("https://openrouter.ai/api/v1", "openai/gpt-4o", "env:OPENROUTER_API_KEY", 1),
    ]


@pytest.mark.parametrize(
    ("name", "base_url", "upstream_model", "key"),
    [
        ("llama3", "http://localhost:11434/v1", "llama3.1:8b", None),
        ("qwen3", "http://gpu-1:8000/v1", "Qwen/Qwen3-8B", None),
        ("embed", "https://api.openai.com/v1", "text-embedding-3-small", "env:OPENAI_API_KEY"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.0-flash", "env:GEMINI_API_KEY"),
        ("shared", "https://models.house.example/v1", "house-model", "env:SHARED_API_KEY"),
        ("hub", "https://router.huggingface.co/v1", "deepseek-ai/DeepSeek-R1:together", "env:HF_TOKEN"),
    ],
)
def test_a_deployment_becomes_an_endpoint(
    plan: Plan, name: str, base_url: str, upstream_model: str, key: str | None
) -> None:
    """Address, the upstream's own name and a reference to its key."""
    (endpoint,) = _model(plan, name).endpoints
    assert (endpoint.base_url, endpoint.upstream_model, endpoint.api_key) == (base_url, upstream_model, key)


def test_task_and_time_limits_go_along(plan: Plan) -> None:
    """`mode: embedding`, `timeout` and `stream_timeout` have counterparts."""
    assert _model(plan, "embed").task == "embeddings"
    assert dict(_model(plan, "qwen3").limits) == {"total_timeout_s": 300, "first_byte_timeout_s": 20}


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("model_list[5]", "AWS"),
        ("model_list[7]", "api-version"),
        ("model_list[10]", "HOUSE_BASE"),
        ("model_list[11]", "wildcard"),
        ("model_list[12]", "before '@'"),
        ("model_list[0].litellm_params.organization", "callers"),
        ("model_list[3].litellm_params.temperature", "every call"),
        ("model_list[3].model_info.id", "ids of their own"),
        ("litellm_settings.fallbacks", "endpoint"),
        ("router_settings.model_group_alias.lost", "not-there"),
        ("router_settings.redis_password", "database"),
        ("general_settings.master_key", "administrator"),
        ("general_settings.database_url", "database.url"),
        ("environment_variables.LANGFUSE_SECRET_KEY", "LANGFUSE_SECRET_KEY"),
    ],
)
def test_what_has_no_counterpart_is_named_with_its_reason(plan: Plan, source: str, word: str) -> None:
    """Nothing is dropped in silence."""
    row = _row(plan, source)
    assert row.becomes == "nothing"
    assert word in row.note


def test_every_value_of_the_source_is_accounted_for(plan: Plan) -> None:
    """Each setting stands in a row of its own, or belongs to an entry that does."""
    named = {row.source for row in plan.rows}
    settings = {"drop_params", "fallbacks", "success_callback", "routing_strategy", "redis_password", "master_key"}
    assert all(any(source.endswith(f".{setting}") for source in named) for setting in settings)
    assert {f"model_list[{index}]" for index in range(13)} <= named
    assert "credential_list[0].credential_values.region" in named


def test_rows_name_their_line(plan: Plan) -> None:
    """A person looks it up there."""
    lines = TEXT.splitlines()
    assert "model_name: gpt-4o" in lines[(_row(plan, "model_list[0]").line or 0) - 1]
    assert "master_key" in lines[(_row(plan, "general_settings.master_key").line or 0) - 1]


def test_groups_become_aliases(plan: Plan) -> None:
    """model_group_alias, in both of its forms."""
    assert plan.aliases == (("gpt-4", "gpt-4o"), ("quick", "llama3"))


def test_no_secret_of_the_source_is_in_the_plan(plan: Plan) -> None:
    """Neither as a value nor inside a sentence."""
    assert "canary" not in repr(plan).replace("org-canary", "")
    assert "canary" not in repr(plan.declared())


def test_a_typed_key_becomes_a_variable_to_set(plan: Plan) -> None:
    """The row says which one."""
    assert "OPENROUTER_API_KEY" in _row(plan, "model_list[1]").note
    assert {"OPENAI_API_KEY", "OPENROUTER_API_KEY", "SHARED_API_KEY"} <= set(plan.variables)


def test_two_typed_keys_of_one_provider_get_two_variables() -> None:
    """The second account is not called with the first one's key."""
    text = "model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: sk-1}},"
    text += "{model_name: a, litellm_params: {model: openai/x, api_key: sk-2}}]"
    (model,) = read(text, {}).models
    assert [one.api_key for one in model.endpoints] == ["env:OPENAI_API_KEY", "env:OPENAI_API_KEY_2"]


def test_an_address_in_a_variable_is_read_where_it_is_set() -> None:
    """os.environ/NAME works for any value."""
    endpoint = _model(read(TEXT, {"HOUSE_BASE": "https://house.example/v1"}), "elsewhere").endpoints[0]
    assert endpoint.base_url == "https://house.example/v1"
    assert endpoint.api_key is None  # OpenAI's own key is not for another host


def test_one_of_modelports_own_variables_is_no_key() -> None:
    """The server refuses such a reference."""
    text = "model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: os.environ/MODELPORT_KEY}}]"
    plan = read(text, {})
    assert plan.models[0].endpoints[0].api_key is None
    assert "rename" in plan.rows[0].note
