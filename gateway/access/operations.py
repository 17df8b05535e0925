"""Which operation a method and a path mean, and what is the same for every call of it: one fixed table (RES-6, PRX-28).

The client's path is never joined to an upstream's: a row of the table says what is appended to the endpoint's base_url.
Pure; used by access/routes.py.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Literal, NoReturn
from urllib.parse import unquote, unquote_to_bytes

from msgspec import Struct

from gateway.errors import InvalidRequest, MethodNotAllowed, NotFound

Body = Literal["json", "multipart", "none"]
Need = Literal["required", "optional", "none"]


class Operation(Struct, frozen=True):
    """One row of the table.

    `group` is what a team's default endpoint is set for (team_defaults.operation): calls that name neither a model nor
    a known object go there. `answer_ids` are (member, kind) pairs of a JSON answer: ids of objects that live at the
    answering endpoint from now on. `refers_to` is the body member that names such an object. `lists` says that the
    answer lists objects, of which only the team's own may be seen; `hides_models` that models are named where we do not
    look, so that a key which is limited to some models may not use it.
    """

    name: str
    method: str
    path: str
    group: str
    body: Body = "none"
    model: Need = "none"
    terminal: Literal["done", "typed"] | None = None
    object_kind: str | None = None
    answer_ids: tuple[tuple[str, str], ...] = ()
    stored_by_default: bool = True
    refers_to: str | None = None
    forgets: bool = False
    lists: bool = False
    hides_models: bool = False
    local: bool = False

    def remembers(self, *, store: bool | None) -> bool:
        """Whether ids of the answer are to be remembered, given the body's `store` (None: not said)."""
        return bool(self.answer_ids) and (self.stored_by_default if store is None else store)


class Match(Struct, frozen=True):
    """What a request means: `suffix` ("/files/file-1/content") goes after the endpoint's url_prefix, byte for byte.

    `object_id` is the id as it came (percent-escapes kept), `object_key` the same decoded, as answers spell it; of
    `models/{id}` it is the model's name.
    """

    operation: Operation
    suffix: str
    object_id: str | None = None
    object_key: str | None = None


def split_tail(tail: str, *, v1_taken: bool = False) -> str:
    """Return the operation's path: `tail` without its one optional `v1/` in front and without one final slash.

    `tail` is the raw path behind the mount, without leading slash. `v1_taken` says that the mount itself ended in `v1`.
    Raises: NotFound with a hint for a second `v1` (CMP-22), empty segments (PRX-26) and dot segments.

    >>> split_tail("v1/chat/completions/")
    'chat/completions'
    """
    if not v1_taken and (tail.startswith("v1/") or tail == "v1"):
        tail, v1_taken = tail[3:], True
    tail = tail.removesuffix("/")
    if tail in _PLAIN:
        return tail
    if v1_taken and (tail.startswith("v1/") or tail == "v1"):
        _refuse(tail, "the base_url ends in `v1` already: take one of the two away")
    _check_segments(tail)
    return tail


def match(method: str, tail: str, *, deletes: bool = False) -> Match:
    """Return the operation that `method` on the path `tail` (of split_tail) means.

    HEAD matches what GET matches (PRX-27); DELETE of a model is one where `deletes` says so.
    Raises: NotFound (hint: the nearest path), MethodNotAllowed (with `Allow`), InvalidRequest (malformed object id).
    """
    method = "GET" if method == "HEAD" else method
    plain = _PLAIN.get(tail)
    if plain is not None:
        return plain.get(method) or _not_allowed(method, tail, plain)
    model = tail.removeprefix("models/")
    if model != tail:
        return _match_model(method, tail, model, deletes=deletes)
    head, slash, rest = tail.partition("/")
    for prefix in (head, head + slash + rest.partition("/")[0]):
        object_id, _, sub = tail[len(prefix) + 1 :].partition("/")
        rows = _WITH_ID.get((prefix, sub))
        if rows and object_id and (tail.count("/") == prefix.count("/") + 1 + bool(sub)):
            return _match_object(method, tail, rows, object_id)
    return _refuse(tail, _nearest(tail))


def _match_object(method: str, tail: str, rows: Mapping[str, Operation], object_id: str) -> Match:
    operation = rows.get(method) or _not_allowed(method, tail, rows)
    key = unquote(object_id)
    if len(object_id) > _ID_LIMIT or not _ID.fullmatch(object_id) or not _PLAIN_ID.fullmatch(key) or not key.strip("."):
        raise InvalidRequest(
            f"{object_id[:_QUOTED]!r} cannot be the id of a {operation.object_kind}",
            param=f"{operation.object_kind}_id",
            hint="use the `id` of an earlier answer, unchanged",
        )
    return Match(operation, "/" + operation.path.replace("{id}", object_id), object_id, key)


def _match_model(method: str, tail: str, model: str, *, deletes: bool) -> Match:
    rows = _MODELS if deletes else _MODELS_STAY
    operation = rows.get(method) or _not_allowed(method, tail, rows)
    try:
        name = unquote_to_bytes(model).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("The model's name in the path is no UTF-8", param="model") from error
    return Match(operation, "", model, name)


def _check_segments(tail: str) -> None:
    """Refuse what could be read differently further on: empty and dot segments, plain or encoded, and backslashes."""
    segments = tail.split("/")
    if "" in segments:
        _refuse(
            tail, "the path has two slashes in a row" if tail else "this is a base_url: add `chat/completions` to it"
        )
    if any(_DOTS.fullmatch(segment) for segment in segments):
        _refuse(tail, "the path has a `.` or `..` segment")
    if _UNSAFE.search(tail):
        _refuse(tail, "the path has a backslash or a control character")


def _not_allowed(method: str, tail: str, rows: Mapping[str, object]) -> NoReturn:
    allow = ", ".join(_allowed(rows))
    off = "; the management API deletes models, or switch access.delete_models on"
    hint = f"use {allow}{off if rows is _MODELS_STAY and method == 'DELETE' else ''}"
    raise MethodNotAllowed(
        f"{method[:_QUOTED]} is not possible on {tail[:_QUOTED]!r}", hint=hint, headers={"Allow": allow}
    )


def _allowed(rows: Mapping[str, object]) -> Iterator[str]:
    for method in sorted(rows):
        yield method
        if method == "GET":
            yield "HEAD"


def _refuse(tail: str, hint: str) -> NoReturn:
    raise NotFound(f"there is nothing at {tail[:_QUOTED]!r}", hint=hint)


def _nearest(tail: str) -> str:
    near = get_close_matches(tail[:_QUOTED].lower(), list(_PLAIN), n=1)
    return f"did you mean `{near[0]}`?" if near else "/api/docs lists the operations of the data plane"


_RESPONSE = (("id", "response"),)
_CHAT = (("id", "chat.completion"),)
_FILE = (("id", "file"),)
_BATCH = (("id", "batch"), ("output_file_id", "file"), ("error_file_id", "file"))

# A GET on `chat/completions` (the list of stored ones) is left out on purpose: a POST sent as GET is the commoner
# mistake, and 405 with `Allow: POST` is its best answer.
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "chat.completions",
        "POST",
        "chat/completions",
        "chat.completions",
        body="json",
        model="required",
        terminal="done",
        answer_ids=_CHAT,
        stored_by_default=False,
    ),
    Operation(
        "chat.completions.get", "GET", "chat/completions/{id}", "chat.completions", object_kind="chat.completion"
    ),
    Operation(
        "chat.completions.update",
        "POST",
        "chat/completions/{id}",
        "chat.completions",
        body="json",
        object_kind="chat.completion",
    ),
    Operation(
        "chat.completions.delete",
        "DELETE",
        "chat/completions/{id}",
        "chat.completions",
        object_kind="chat.completion",
        forgets=True,
    ),
    Operation(
        "chat.completions.messages",
        "GET",
        "chat/completions/{id}/messages",
        "chat.completions",
        object_kind="chat.completion",
    ),
    Operation("completions", "POST", "completions", "completions", body="json", model="required", terminal="done"),
    # A response may take its model from a stored prompt or an earlier response.
    Operation(
        "responses",
        "POST",
        "responses",
        "responses",
        body="json",
        model="optional",
        terminal="typed",
        answer_ids=_RESPONSE,
        refers_to="previous_response_id",
    ),
    # Of one that is made in the background these say when it is finished.
    Operation(
        "responses.get",
        "GET",
        "responses/{id}",
        "responses",
        terminal="typed",
        object_kind="response",
        answer_ids=_RESPONSE,
    ),
    Operation("responses.delete", "DELETE", "responses/{id}", "responses", object_kind="response", forgets=True),
    Operation(
        "responses.cancel",
        "POST",
        "responses/{id}/cancel",
        "responses",
        object_kind="response",
        answer_ids=_RESPONSE,
    ),
    Operation("responses.input_items", "GET", "responses/{id}/input_items", "responses", object_kind="response"),
    Operation("embeddings", "POST", "embeddings", "embeddings", body="json", model="required"),
    Operation("moderations", "POST", "moderations", "moderations", body="json", model="optional"),
    Operation("rerank", "POST", "rerank", "rerank", body="json", model="required"),
    Operation(
        "images.generations", "POST", "images/generations", "images", body="json", model="optional", terminal="typed"
    ),
    Operation("images.edits", "POST", "images/edits", "images", body="multipart", model="optional", terminal="typed"),
    Operation("images.variations", "POST", "images/variations", "images", body="multipart", model="optional"),
    Operation("audio.speech", "POST", "audio/speech", "audio", body="json", model="required", terminal="typed"),
    Operation(
        "audio.transcriptions",
        "POST",
        "audio/transcriptions",
        "audio",
        body="multipart",
        model="required",
        terminal="typed",
    ),
    Operation("audio.translations", "POST", "audio/translations", "audio", body="multipart", model="required"),
    Operation("files", "POST", "files", "files", body="multipart", answer_ids=_FILE),
    Operation("files.list", "GET", "files", "files", lists=True),
    Operation("files.get", "GET", "files/{id}", "files", object_kind="file"),
    Operation("files.delete", "DELETE", "files/{id}", "files", object_kind="file", forgets=True),
    Operation("files.content", "GET", "files/{id}/content", "files", object_kind="file"),
    Operation(
        "batches",
        "POST",
        "batches",
        "batches",
        body="json",
        answer_ids=_BATCH,
        refers_to="input_file_id",
        hides_models=True,
    ),
    Operation("batches.list", "GET", "batches", "batches", lists=True),
    Operation("batches.get", "GET", "batches/{id}", "batches", object_kind="batch", answer_ids=_BATCH),
    Operation("batches.cancel", "POST", "batches/{id}/cancel", "batches", object_kind="batch", answer_ids=_BATCH),
    Operation("models.list", "GET", "models", "models", local=True),
)
MODEL = Operation("models.get", "GET", "models/{id}", "models", local=True, object_kind="model")
DELETE_MODEL = Operation("models.delete", "DELETE", "models/{id}", "models", local=True, object_kind="model")
"""Retires the model where the setting access.delete_models is on; elsewhere it is not allowed."""
_MODELS = {"GET": MODEL, "DELETE": DELETE_MODEL}
_MODELS_STAY = {"GET": MODEL}

_QUOTED = 100  # characters of the caller's text that a message repeats
_ID_LIMIT = 512  # characters; the longest ids seen (responses that carry their state's name) have about 100
# Ids are ASCII tokens. No encoded slash, backslash, dot, percent or control byte: an upstream that decodes twice, or
# before it routes, must read the same id as we do.
_ID = re.compile(r"(?:[A-Za-z0-9._~:@=+,-]|%(?!2[EeFf5]|5[Cc])[2-7][0-9A-Fa-f])+")
_PLAIN_ID = re.compile(r"[A-Za-z0-9._~:@=+,-]+")
_DOTS = re.compile(r"(?:\.|%2[Ee]){1,2}")
_UNSAFE = re.compile(r"[\\\x00-\x20\x7f]|%(?:5[Cc]|[01][0-9A-Fa-f]|7[Ff])")


def _plain_rows() -> dict[str, dict[str, Match]]:
    rows: dict[str, dict[str, Match]] = {}
    for row in OPERATIONS:
        if "{id}" not in row.path:
            rows.setdefault(row.path, {})[row.method] = Match(row, "" if row.local else "/" + row.path)
    return rows


def _rows_with_id() -> dict[tuple[str, str], dict[str, Operation]]:
    rows: dict[tuple[str, str], dict[str, Operation]] = {}
    for row in OPERATIONS:
        prefix, mark, sub = row.path.partition("/{id}")
        if mark:
            rows.setdefault((prefix, sub.removeprefix("/")), {})[row.method] = row
    return rows


_PLAIN = _plain_rows()
_WITH_ID = _rows_with_id()
