"""What a caller sent, as validated models: the JSON body strictly, the query parameters leniently from text.

Used by operation.py. Every message names the field and what was expected; a string is never repeated, because a caller
may have put a key into the wrong field (security.md SEC-5).
"""

import asyncio
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gateway.api.problem import FieldError
from gateway.api.strict_json import check_json
from gateway.errors import InvalidRequest, RequestTimeout, TooLarge, Unprocessable, UnsupportedMedia

MAX_BODY_BYTES = 1024 * 1024  # management bodies are descriptions; 1000 items of a batch are about 100 KB
_BODY_TIMEOUT_S = 30

RAW_BODY = web.RequestKey("RAW_BODY", bytes)
"""The body's bytes as they came, for the fingerprint of an Idempotency-Key."""


async def read_json(request: web.Request, adapter: TypeAdapter[Any]) -> Any:
    """Return the request's body as a value of the adapter's type.

    Raises:
        UnsupportedMedia, TooLarge, RequestTimeout: it was not read.
        InvalidRequest: it is no JSON, or ambiguous JSON.
        Unprocessable: it is JSON of another shape; `errors` has one entry per field.
    """
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        sent = request.headers.get("Content-Type", "nothing")
        raise UnsupportedMedia(
            f"the body's type must be application/json in UTF-8, but Content-Type says {sent!r}",
            hint="send the header Content-Type: application/json",
        )
    raw = request[RAW_BODY] = await _read_limited(request)
    check_json(raw)
    try:
        return adapter.validate_json(raw, strict=True)
    except ValidationError as error:
        raise _unprocessable(error, _names(adapter)) from None  # the cause holds what was sent, which may be a key


async def refuse_body(request: web.Request) -> None:
    """Raise InvalidRequest when a body came that nobody would look at; an empty object is as good as none."""
    raw = request[RAW_BODY] = await _read_limited(request) if request.body_exists else b""
    if raw.strip() not in {b"", b"{}"}:
        raise InvalidRequest("this operation takes no body", hint="leave the body out")


def read_query(query: MultiMapping[str], model: type[BaseModel] | None) -> Any:
    """Return the query parameters as the model.

    Raises:
        InvalidRequest: a parameter is unknown or given twice.
        Unprocessable: a value does not fit; `errors` has one entry per parameter.
    """
    repeatable = {} if model is None else _parameters(model)
    values: dict[str, str | list[str]] = {}
    for name in query:
        if name not in repeatable:
            raise _unknown_parameter(name, repeatable)
        given = query.getall(name)
        if len(given) > 1 and not repeatable[name]:
            raise InvalidRequest(f"the parameter {name!r} is given {len(given)} times", param=name)
        if any("\0" in value for value in given):
            raise InvalidRequest(f"the parameter {name!r} holds the character NUL", param=name)
        values[name] = given if repeatable[name] else given[0]
    if model is None:
        return None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _unprocessable(error, repeatable) from None  # as above


async def _read_limited(request: web.Request) -> bytes:
    """Return the body; its size is checked as it comes, because Content-Length may be absent."""
    too_large = TooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes, the limit of the management API")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise RequestTimeout(f"the body did not arrive within {_BODY_TIMEOUT_S} s") from error
    except web.RequestPayloadError as error:
        raise InvalidRequest(f"the body broke off: {error}") from error
    return bytes(body)


def _names(adapter: TypeAdapter[Any]) -> Iterable[str]:
    model = getattr(adapter, "_type", None)
    return _parameters(model) if isinstance(model, type) and issubclass(model, BaseModel) else ()


def _parameters(model: type[BaseModel]) -> Mapping[str, bool]:
    """Return the model's parameters, and whether each may be repeated."""
    return {info.alias or name: _is_list(info.annotation) for name, info in model.model_fields.items()}


def _is_list(annotation: Any) -> bool:
    kinds = (list, tuple, set, frozenset)
    return get_origin(annotation) in kinds or any(get_origin(part) in kinds for part in get_args(annotation))


def _unknown_parameter(name: str, known: Iterable[str]) -> InvalidRequest:
    hint = _did_you_mean(name, known) or f"known here: {', '.join(known) or 'none'}"
    return InvalidRequest(
        f"unknown query parameter {name[:64]!r}", code="unknown_parameter", param=name[:64], hint=hint
    )


def _did_you_mean(name: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None


def _unprocessable(error: ValidationError, known: Iterable[str]) -> InvalidRequest | Unprocessable:
    details = error.errors(include_url=False, include_context=False)
    if details[0]["type"] == "json_invalid":  # what the stricter parser refuses: a lone surrogate, too deep nesting
        return InvalidRequest(
            f"the body is not JSON: {details[0]['msg'].removeprefix('Invalid JSON: ')}", code="invalid_json"
        )
    errors = [_field_error(detail, known) for detail in details]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Unprocessable(
        f"{errors[0].field}: {errors[0].message}{more}" if errors[0].field else errors[0].message + more,
        param=errors[0].field or None,
        errors=[one.model_dump(exclude_defaults=True) for one in errors],
    )


def _field_error(detail: ErrorDetails, known: Iterable[str]) -> FieldError:
    location = [str(part)[:64] for part in detail["loc"]]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        meant = _did_you_mean(location[-1], known) if len(location) == 1 else None
        message = "unknown field" + (f", {meant}" if meant else "")
    missing = detail["type"] in {"missing", "extra_forbidden"}
    return FieldError(field=".".join(location), message=message, got=None if missing else _shown(detail["input"]))


def _shown(value: object) -> bool | float | str:
    if isinstance(value, bool | int | float):
        return value
    return _KINDS.get(type(value).__name__, "something else")


_KINDS = {"NoneType": "null", "str": "a string", "dict": "an object", "list": "a list"}
