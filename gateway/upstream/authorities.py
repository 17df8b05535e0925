"""When the system's certificate authorities are read: 50 ms of CPU, which plain http and many a command never need."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unread() -> Iterator[None]:
    """Have what is imported meanwhile read none: aiohttp makes a context as it is imported, which nothing here uses.

    That context trusts nobody then. `connector.system_trust` makes the one that a connection gets.
    """
    usual = ssl.create_default_context

    def bare(*_: Any, **__: Any) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    ssl.create_default_context = bare
    try:
        yield
    finally:
        ssl.create_default_context = usual
