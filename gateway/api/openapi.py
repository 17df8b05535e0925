"""The API's description (OpenAPI 3.1), made of the operations themselves: what validates is what is documented.

Used by openapi_routes.py, which serves it, and by the tests that hold it against the router, a validator and a fuzzer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaValue

from gateway.api.operation import Content, Later, Operation
from gateway.api.problem import CONTENT_TYPE, Problem

_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_ALWAYS = (400, 421, 500, 503)
_WITH_KEY = (401, 403, 429)
_READING_A_BODY = (408, 413)
_NO_CONTENT = (204, 304)

Schemas = Mapping[tuple[str, Literal["validation", "serialization"]], JsonSchemaValue]


def document(  # noqa: PLR0913 - keyword-only, each is a member of the document
    operations: list[Operation],
    *,
    title: str,
    version: str,
    description: str = "",
    server_url: str = "/",
    extra_paths: Mapping[str, Any] | None = None,
    extra_components: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the document of the operations; `extra_paths` and `extra_components` are merged in as they are.

    `server_url` is the mount's path, against which every path counts.
    """
    schemas, definitions = TypeAdapter.json_schemas(list(_adapters(operations)), ref_template=_REF)
    components: dict[str, dict[str, Any]] = {
        "schemas": dict(definitions.get("$defs", {})),
        "responses": {f"Problem{status}": _problem(status) for status in sorted(_statuses(operations))},
        "securitySchemes": {"bearer": _BEARER},
    }
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        described = _operation(one, schemas, components["schemas"])
        paths.setdefault(described_path(one.path), {})[one.method.lower()] = described
    for kind, members in (extra_components or {}).items():
        components[kind] = components.get(kind, {}) | dict(members)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description, "license": _LICENSE},
        "servers": [{"url": server_url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths | dict(extra_paths or {}),
        "components": {kind: dict(sorted(members.items())) for kind, members in components.items()},
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_BEARER = {"type": "http", "scheme": "bearer", "description": "An API key, as `modelport keys create` shows it once."}
_PROBLEM_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


def described_path(path: str) -> str:
    r"""Return a path as it is described and as the router names it: without what a parameter may hold.

    >>> described_path(r"/catalogue/models/{id:.+}")
    '/catalogue/models/{id}'
    """
    return _PATH_PARAMETER.sub(r"{\1}", path)


def statuses_of(one: Operation) -> tuple[int, ...]:
    """Return every refusal that the operation may answer with: its own, and what its declaration brings along."""
    found = {*_ALWAYS, *one.errors}
    found.update(_WITH_KEY if not one.public else ())
    found.update({404} if _PATH_PARAMETER.search(one.path) else ())
    found.update({422} if one.query is not None else ())
    found.update((*_READING_A_BODY, 415, 422) if one.body is not None else ())
    found.update(_READING_A_BODY if one.body is None and one.method != "GET" else ())
    found.update({412} if one.if_match != "no" else ())
    found.update({428} if one.if_match == "required" else ())
    found.update({409, 422} if one.idempotent else ())
    return tuple(sorted(found))


def _adapters(
    operations: Iterable[Operation],
) -> Iterator[tuple[str, Literal["validation", "serialization"], TypeAdapter[Any]]]:
    yield "Problem", "serialization", TypeAdapter(Problem)
    for one in operations:
        if one.body is not None:
            yield f"{one.name} body", "validation", TypeAdapter(one.body)
        for status, kind in one.answers.items():
            if kind is not None and not isinstance(kind, Content):
                model = kind.load() if isinstance(kind, Later) else kind
                yield f"{one.name} {status}", "serialization", TypeAdapter(model)


def _statuses(operations: Iterable[Operation]) -> set[int]:
    return {status for one in operations for status in statuses_of(one)}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    if header := _PROBLEM_HEADERS.get(status):
        answer["headers"] = {header: {"schema": {"type": "string"}}}
    return answer


def _operation(one: Operation, schemas: Schemas, components: dict[str, Any]) -> dict[str, Any]:
    permission = "" if one.permission is None else f"Needs the permission `{one.permission}`."
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": "\n\n".join(part for part in (one.description, permission) if part),
        "security": [] if one.public else [{"bearer": []}],
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query, components), *_headers(one)],
        "responses": dict(_answers(one, schemas)),
    }
    if one.body is not None:
        content = {"application/json": {"schema": schemas[f"{one.name} body", "validation"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _answers(one: Operation, schemas: Schemas) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, kind in one.answers.items():
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(kind, Content):
            answer["content"] = {kind.media_type: {}}
        elif kind is not None:
            answer["content"] = {"application/json": {"schema": schemas[f"{one.name} {status}", "serialization"]}}
        yield str(status), answer
    if one.method == "GET":
        yield "304", {"description": "The copy that `If-None-Match` names is current."}
    for status in statuses_of(one):
        yield str(status), {"$ref": f"#/components/responses/Problem{status}"}


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name, found in _PATH_PARAMETER.findall(path):
        pattern = found.replace("/%", "")  # what is made from a description sends no slash, and encodes by itself
        schema = {"type": "string", "minLength": 1} | ({"pattern": f"^(?:{pattern})$"} if pattern else {})
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(query: type[BaseModel] | None, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if query is None:
        return
    schema = query.model_json_schema(ref_template=_REF)
    components.update(schema.get("$defs", {}))
    for name, field in schema.get("properties", {}).items():
        described = {key: value for key, value in field.items() if key not in {"title", "description"}}
        choices = [choice for choice in described.get("anyOf", []) if choice != {"type": "null"}]
        if len(choices) == 1:  # absent is how a query says null
            described = {key: value for key, value in described.items() if key not in {"anyOf", "default"}} | choices[0]
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": described}
        yield parameter | ({"description": field["description"]} if "description" in field else {})


def _headers(one: Operation) -> Iterator[dict[str, Any]]:
    if one.method == "GET":
        yield _header("If-None-Match", "The ETag of a kept copy: 304 when it is still current.", {})
    else:
        text = "Why, for the record of changes: one line. The query parameter `reason` is the same."
        yield _header("X-Reason", text, {"pattern": "^[!-~]([ -~]{0,498}[!-~])?$"})
    if one.if_match != "no":
        text = "The ETag of the last read, in double quotes: 412 when somebody changed it meanwhile."
        yield _header("If-Match", text, {"pattern": _IF_MATCH}) | {"required": one.if_match == "required"}
    if one.idempotent:
        text = (
            "A name for this call, e.g. a UUID: sent again within 24 h it gives the first answer and changes nothing."
        )
        yield _header("Idempotency-Key", text, {"pattern": "^[!-~]{1,255}$"})


_TAG = r'(W/)?"[!#-~]*"'
_IF_MATCH = rf"^(\*|{_TAG}([ \t]*,[ \t]*{_TAG})*)$"


def _header(name: str, text: str, schema: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": text,
        "schema": {"type": "string", **schema},
    }
