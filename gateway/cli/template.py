"""A new configuration file and its schema, made of the settings and of what may be declared: both are complete.

Imported by the commands that write them and by the tests that compare them with config/.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from gateway.configuration.schema import file_schema
from gateway.configuration.sources import section_of
from gateway.declared.model import DeclaredAlias, DeclaredGateway, DeclaredKey, DeclaredModel, DeclaredTeam
from gateway.settings import SECRET_REFERENCE, Section, Settings

_HEAD = """\
# yaml-language-server: $schema={schema}
# The configuration of modelport: every setting with its default. Remove the # in front of what you change.
#
# Order: default < this file < variables (MODELPORT_SERVER__PORT=8080) < flags of `modelport serve`.
# What is wrong in it:  modelport config check        What is in effect, and why:  modelport config show
# Secrets do not stand here, but where they are: env:NAME, file:PATH or keyring:SERVICE/USER.
"""
_DECLARED: dict[str, tuple[type[BaseModel], str]] = {
    "teams": (DeclaredTeam, "Namespaces of models and keys, by name. `default` is always there."),
    "gateways": (DeclaredGateway, "Public entry points by name; models with `via` get their address."),
    "models": (DeclaredModel, "Models by name, with the endpoints where they run. In another team: team/name."),
    "aliases": (DeclaredAlias, "Other names for models of the same team: a name, or a section."),
    "keys": (DeclaredKey, "What keys of these names may do. The key itself is made by `modelport keys create`."),
}
_EXAMPLE = """\
# Objects of the registry. What is declared here is changed here alone, and read again when the file changes.

# {teams}
# teams:
#   research:
#     description: Models of the research group
#     default_via: eu               # for models that choose none: a gateway, or server
#     default_endpoints:            # by operation, the model that takes calls without a model's name
#       files: qwen3

# {gateways}
# gateways:
#   eu:
#     url: https://gateway.example.com
#     description: In front of the European machines
#     is_default: false             # whether models that choose nothing go through it

# {models}
# models:
#   qwen3:
#     team: default
#     task: chat                    # chat, completions, embeddings, images, audio, moderations, rerank, other
#     description: Our model for everything
#     state: active                 # or disabled
#     via: server                   # or a gateway; left out, what the team says
#     path: /access/models/default/ # where it is published on the server
#     stream_usage: false           # ask for the usage of streams, too
#     first_byte_timeout_s: 120     # left out, what `timeouts` says
#     idle_timeout_s: 60
#     total_timeout_s: 600
#     drain_for_usage_ms: 0         # left out, what `usage` says
#     fallbacks: [spare]            # models that take over, in order
#     source_reference: registry.example.com/team/qwen3:v1 # its package and
#     source_digest: sha256:5e895e895e895e895e895e895e895e895e895e895e895e895e895e895e895e89
#     catalogue_id: qwen/qwen3-32b  # its entry in the catalogue
#     endpoints:
#       - base_url: http://localhost:8000/v1
#         upstream_model: Qwen/Qwen3-32B
#         api_key: env:QWEN_API_KEY # or file:qwen in secrets.file_directory, keyring:SERVICE/USER
#         weight: 1                 # share of the calls; 0 takes none
#         enabled: true
#         organization_headers: true # pass OpenAI-Organization and OpenAI-Project on
#   spare:
#     endpoints:
#       - base_url: http://localhost:8001/v1
#   research/tiny:                  # the model tiny of the team research
#     endpoints:
#       - base_url: http://localhost:11434/v1

# {aliases}
# aliases:
#   fast: qwen3
#   research/small:
#     model: tiny

# {keys}
# keys:
#   ci-bot:
#     team: research
#     role: developer               # viewer, developer, publisher, operator, admin, auditor
#     models: [qwen3, tiny*]        # empty: every model
#     cidrs: [10.0.0.0/8]           # from where; empty: everywhere
#     region: eu
#     expires_at: 2027-12-31
"""


def config_schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration file."""
    schema = file_schema(_DECLARED)
    key = schema["$defs"]["DeclaredEndpoint"]["properties"]["api_key"]
    key["anyOf"] = [{"type": "string", "pattern": SECRET_REFERENCE}, {"type": "null"}]
    key["description"] = "Where the upstream's key is: env:NAME, file:PATH or keyring:SERVICE/USER."
    objects = schema["properties"]["aliases"]["anyOf"][0]["additionalProperties"]["anyOf"]
    objects.insert(0, {"type": "string", "description": "The model's name."})
    return schema


def config_example(schema: str) -> str:
    """Return a file with nothing in it but the version and comments; `schema` is where editors find the schema."""
    lines = [_HEAD.format(schema=schema), "version: 1"]
    texts = Settings.member_texts()
    for name, field in Settings.model_fields.items():
        if name == "version":
            continue
        lines.append("")
        if section := section_of(field):
            lines += [f"# {(section.__doc__ or '').splitlines()[0]}", f"{name}:", *_section(section)]
        else:
            lines += [*_comment(texts.get(name), ""), f"# {name}: {_yaml(field.get_default())}"]
    objects = _EXAMPLE.format(**{name: text for name, (_, text) in _DECLARED.items()})
    return "\n".join([*lines, "", objects])


def _section(section: type[Section]) -> Iterator[str]:
    texts = section.member_texts()
    for name, field in section.model_fields.items():
        yield from _comment(texts.get(name), "  ")
        yield f"  # {name}: {_yaml(field.get_default())}"


def _comment(text: str | None, indent: str) -> Iterator[str]:
    yield from (f"{indent}# {line}" for line in (text or "").splitlines())


def _yaml(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
