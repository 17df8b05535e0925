"""`/api/openapi.json` and `/api/docs`: the description and a page to read it with, both without a key.

The viewer is Swagger UI, vendored: of the two candidates it is the one that shows everything under a policy without
`unsafe-inline` (0 violations in Chromium 150; RapiDoc 9.3.8: 413). Registered by the composition root under `/api`.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from gateway.api.operation import OPERATIONS, Content, Operation, operation
from gateway.errors import NotFound

_STATIC = Path(__file__).with_name("static")
ERRORS_PAGE = "docs/errors.html"
"""What each code means, below the prefix of these routes; made from the documents (tests/docs/reference.py)."""
_FILES = {
    "docs.js": (_STATIC / "docs.js", "text/javascript"),
    "errors.css": (_STATIC / "errors.css", "text/css"),
    "errors.html": (_STATIC / "errors.html", "text/html"),
    "swagger-ui-bundle.js": (_STATIC / "swagger-ui" / "swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": (_STATIC / "swagger-ui" / "swagger-ui.css", "text/css"),
}
_POLICY = (  # security.md WEB-3
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
_COMPRESS_IN_THREAD = 65_536  # bytes; the viewer's 1.7 MB would hold the loop for 60 ms


class OpenApiRoutes:
    """Shows what `app[OPERATIONS]` holds when it is first asked.

    `describe` is `openapi.document` with everything but the operations filled in (functools.partial).
    """

    def __init__(self, describe: Callable[[list[Operation]], dict[str, Any]]) -> None:
        self._describe = describe
        self._body: bytes | None = None

    @operation(
        "GET",
        "/openapi.json",
        public=True,
        answers={200: Content("application/json")},
        tag="about",
        summary="This description",
    )
    async def get_openapi(self, request: web.Request) -> web.StreamResponse:
        """OpenAPI 3.1 of everything that this server answers."""
        if self._body is None:
            operations: list[Operation] = request.config_dict[OPERATIONS]
            self._body = await asyncio.to_thread(self._described, operations)  # half a second that calls need not wait
        return _answer(self._body, "application/json")

    def _described(self, operations: list[Operation]) -> bytes:
        return json.dumps(self._describe(operations)).encode()

    @operation(
        "GET",
        "/docs",
        public=True,
        answers={200: Content("text/html")},
        tag="about",
        summary="The same, to read and try",
    )
    async def get_docs(self, request: web.Request) -> web.StreamResponse:
        """A page that shows the description; calls made from it go to this server only."""
        del request  # the page is the same for everybody
        return _answer(await asyncio.to_thread((_STATIC / "docs.html").read_bytes), "text/html")

    @operation(
        "GET",
        "/docs/{file}",
        public=True,
        answers={200: Content("*/*")},
        errors=(404,),
        tag="about",
        summary="A part of that page",
    )
    async def get_docs_file(self, request: web.Request) -> web.StreamResponse:
        """Scripts and styles of the page."""
        name = request.match_info["file"]
        if name not in _FILES:
            raise NotFound(f"the page has no part {name!r}")
        path, content_type = _FILES[name]
        return _answer(await asyncio.to_thread(path.read_bytes), content_type)


def _answer(body: bytes, content_type: str) -> web.Response:
    headers = _HEADERS | {"ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'}  # weak: compressed or not
    response = web.Response(
        body=body,
        content_type=content_type,
        charset="utf-8",
        headers=headers,
        zlib_executor_size=_COMPRESS_IN_THREAD,
    )
    response.enable_compression()
    return response
