"""The data plane in the API's description, made of the table of operations. Pure.

Bodies are described as far as they are read here: the model's name and `stream`. Everything else passes unchanged, so
that what an upstream understands is the upstream's to describe.
"""

from typing import Any

from gateway.access.operations import DELETE_MODEL, MODEL, OPERATIONS, Operation

_ERROR = {"$ref": "#/components/schemas/OpenAIError"}
_REFUSALS = {
    "400": "The request cannot be used",
    "401": "No key, or not one of ours",
    "403": "The key may not do this",
    "404": "Unknown path, team, model or object",
    "405": "Another method, named in Allow",
    "408": "The body came too slowly",
    "413": "The body is larger than the limit",
    "415": "The body is compressed",
    "421": "Another host",
    "422": "Nothing says which of several teams is meant",
    "429": "Too many requests",
    "500": "A fault of the gateway",
    "502": "A fault of the upstream",
    "503": "Nobody can answer now",
    "504": "A time limit passed",
    "508": "The call came back to this gateway",
}
COMPONENTS: dict[str, dict[str, Any]] = {
    "schemas": {
        "OpenAIError": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["message", "type", "param", "code"],
                    "properties": {
                        "message": {"type": "string"},
                        "type": {"type": "string"},
                        "param": {"type": ["string", "null"]},
                        "code": {"type": ["string", "null"]},
                        "hint": {"type": "string"},
                        "request_id": {"type": "string"},
                    },
                }
            },
        }
    },
    "responses": {
        f"Refusal{status}": {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _REFUSALS.items()
    },
}


def data_plane_paths() -> dict[str, dict[str, Any]]:
    """Return the paths of both mounts: a team's own, and the one whose team is the key's."""
    paths: dict[str, dict[str, Any]] = {}
    for mount, parameters in (("/access/models/{team}", ("team",)), ("/v1", ())):
        for row in (*OPERATIONS, MODEL, DELETE_MODEL):
            path = f"{mount}/{row.path}"
            paths.setdefault(path, {})[row.method.lower()] = _operation(row, parameters)
    return paths


def _operation(row: Operation, parameters: tuple[str, ...]) -> dict[str, Any]:
    where = "team" if parameters else "key"
    names = (*parameters, *(("id",) if "{id}" in row.path else ()))
    described: dict[str, Any] = {
        "operationId": f"{row.name}.{where}",
        "tags": ["data plane"],
        "summary": f"{row.method} {row.path}",
        "security": [{"bearer": []}],
        "parameters": [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names],
        "responses": _answers(row),
    }
    if row.body == "json":
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body(row)}}}
    elif row.body == "multipart":
        content = {"multipart/form-data": {"schema": {"type": "object"}}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _body(row: Operation) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    if row.model != "none":
        schema["properties"]["model"] = {"type": "string", "minLength": 1}
    if row.terminal is not None:
        schema["properties"]["stream"] = {"type": ["boolean", "null"]}
    if row.model == "required":
        schema["required"] = ["model"]
    return schema


def _answers(row: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {}}
    if not row.local:
        content |= {"text/event-stream": {}, "*/*": {}}
    answers: dict[str, Any] = {"200": {"description": "The upstream's answer, byte for byte", "content": content}}
    if row is DELETE_MODEL:
        answers["200"]["description"] = "It is retired; only where the setting access.delete_models is on, else 405"
    elif row.local:
        answers["200"]["description"] = "Models that this key may call"
    if not row.local:
        answers["4XX"] = {"description": "The upstream's own refusal, byte for byte", "content": content}
    return answers | {status: {"$ref": f"#/components/responses/Refusal{status}"} for status in _REFUSALS}
