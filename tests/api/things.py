"""Routes over an imaginary noun, with every feature of the grammar."""

from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.etag import format_etag, parse_if_match
from gateway.api.operation import Content, answer, operation
from gateway.api.page import Page, PageQuery, decode_cursor, take_page
from gateway.api.permissions import Permission


class Colour(StrEnum):
    """What a thing may look like."""

    RED = "red"
    BLUE = "blue"


class ThingCreate(BaseModel):
    """A new thing."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=20)
    weight: int = 1
    colour: Colour = Colour.RED
    api_key: str | None = Field(default=None, pattern="^mp_")
    tags: list[str] = []


class ThingView(BaseModel):
    """A thing."""

    name: str
    weight: int


class ThingQuery(PageQuery):
    """Filters of the list."""

    colour: Colour | None = None
    tag: tuple[str, ...] = ()
    heavy: bool = False


class ThingRoutes:
    """Things, without a store."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    @operation(
        "POST",
        "/things",
        permission=Permission.REGISTRY_WRITE,
        body=ThingCreate,
        answers={201: ThingView},
        errors=(409,),
        idempotent=True,
        tag="things",
        summary="Make a thing",
    )
    async def create_thing(self, request: web.Request, body: ThingCreate) -> web.StreamResponse:
        """Make one, at once."""
        self.calls.append(body)
        headers = {"Location": f"{request.path}/thing_1"}
        return answer(ThingView(name=body.name, weight=body.weight), status=201, headers=headers)

    @operation(
        "GET",
        "/things",
        permission=Permission.REGISTRY_READ,
        query=ThingQuery,
        answers={200: Page[ThingView]},
        tag="things",
        summary="List things",
    )
    async def list_things(self, request: web.Request, query: ThingQuery) -> web.StreamResponse:
        """List them by name."""
        self.calls.append((request.method, query))
        after = decode_cursor(query.cursor, str)[0] if query.cursor else ""
        rows = [ThingView(name=name, weight=1) for name in "abcde" if name > str(after)]
        items, following = take_page(rows[: query.limit + 1], query.limit, lambda row: (row.name,))
        return answer(Page[ThingView](items=tuple(items), next_cursor=following))

    @operation(
        "GET",
        "/things/{name}",
        permission=Permission.REGISTRY_READ,
        answers={200: ThingView},
        errors=(404,),
        tag="things",
        summary="Show a thing",
    )
    async def show_thing(self, request: web.Request) -> web.StreamResponse:
        """Show one."""
        return answer(ThingView(name=request.match_info["name"], weight=1), etag=format_etag("a", 7))

    @operation(
        "DELETE",
        "/things/{name}",
        permission=Permission.REGISTRY_WRITE,
        answers={204: None},
        errors=(404,),
        if_match="required",
        tag="things",
        summary="Delete a thing",
    )
    async def delete_thing(self, request: web.Request) -> web.StreamResponse:
        """Delete one."""
        parse_if_match(request).check(format_etag("a", 7))
        return web.Response(status=204)

    @operation(
        "POST",
        "/things:touch",
        permission=Permission.MODELS_OPERATE,
        answers={204: None},
        tag="things",
        summary="Touch everything",
    )
    async def touch_things(self, request: web.Request) -> web.StreamResponse:
        """Touch them."""
        self.calls.append(request.method)
        return web.Response(status=204)

    @operation(
        "GET", "/about", public=True, answers={200: Content("text/plain")}, tag="about", summary="Say what this is"
    )
    async def about(self, request: web.Request) -> web.StreamResponse:
        """Say it."""
        return web.Response(text=request.method)
