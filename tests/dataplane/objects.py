"""Making stored objects of every kind, and asking about them."""

from typing import Any

from tests.app.caller import Answer, Caller
from tests.dataplane.house import Model, form, mark, told
from tests.fakes.upstream import Upstream

BY_ID = {
    "response": [
        ("GET", "responses/{}"),
        ("POST", "responses/{}/cancel"),
        ("GET", "responses/{}/input_items"),
        ("DELETE", "responses/{}"),
    ],
    "chat.completion": [
        ("GET", "chat/completions/{}"),
        ("POST", "chat/completions/{}"),
        ("GET", "chat/completions/{}/messages"),
        ("DELETE", "chat/completions/{}"),
    ],
    "file": [("GET", "files/{}"), ("GET", "files/{}/content"), ("DELETE", "files/{}")],
    "batch": [("GET", "batches/{}"), ("POST", "batches/{}/cancel")],
}
EVERY = [(kind, method, path) for kind, rows in BY_ID.items() for method, path in rows]
GROUPS = ("responses", "chat.completions", "files", "batches")


async def make(caller: Caller, at: Upstream, kind: str, model: Model, **fields: Any) -> str:
    """Make an object of the kind at the model server and return its id, which carries a marker of its own."""
    asked, object_id = mark(), f"{kind.replace('.', '')}_{mark()}"
    at.scripts[asked] = told(id=object_id, object=kind)
    upload, form_headers = form(("purpose", asked))
    bodies: dict[str, tuple[str, bytes | dict[str, Any]]] = {
        "response": ("responses", {"model": model.name, "user": asked, **fields}),
        "chat.completion": ("chat/completions", {"model": model.name, "messages": [], "user": asked, "store": True}),
        "file": ("files", upload),
        "batch": ("batches", {"endpoint": "/v1/chat/completions", "metadata": {"note": asked}, **fields}),
    }
    path, body = bodies[kind]
    made = await caller.call("POST", f"v1/{path}", body, **(form_headers if kind == "file" else {}))
    assert made.status == 200, made.text
    return object_id


async def about(caller: Caller, method: str, path: str, object_id: str) -> Answer:
    """Ask about an object; an update has a body."""
    body: Any = {"metadata": {}} if (method, path) == ("POST", "chat/completions/{}") else None
    return await caller.call(method, f"v1/{path.format(object_id)}", body)


def marker_in(object_id: str) -> str:
    """Return the marker that an id carries."""
    return object_id[object_id.index("mark-") :]
