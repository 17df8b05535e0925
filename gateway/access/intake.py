"""Read a call as far as needed to know where it goes: the model, whether it streams, which stored object it means.

Bodies are not re-encoded: only the model's name and our own wish for the usage event are spliced in (PRX-10, USE-3).
"""

from aiohttp import web

from gateway.access.admission import admit, unreachable
from gateway.access.body import CallBody, read_call, rewrite
from gateway.access.call import Call
from gateway.access.dispatch import Outgoing
from gateway.access.headers import to_upstream
from gateway.access.multipart import read_head
from gateway.errors import NotFound, UnsupportedMedia
from gateway.listener.body import limited_chunks, read_limited
from gateway.registry.objects import StoredObjects
from gateway.registry.registry import Registry
from gateway.registry.snapshot import EndpointRoute
from gateway.settings import ServerSettings


class Intake:
    """Turns a request into what goes upstream. One for the process."""

    def __init__(self, registry: Registry, objects: StoredObjects, server: ServerSettings) -> None:
        self._registry = registry
        self._objects = objects
        self._server = server

    async def read(self, request: web.Request, call: Call, suffix: str) -> Outgoing:
        """Return what to send and where it may go.

        Raises:
            GatewayError: the body cannot be used, or nobody answers for it.
        """
