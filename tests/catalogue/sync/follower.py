"""A process that follows a hub as fast as it can, to be killed at any moment.

`python -m tests.catalogue.sync.follower URL ROOT PLACE` imports everything once. For each line on its input it forks a
follower, which says its number first and then each list that it took; when it has ended, that is said as well.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yarl import URL

from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.sync.lease import DatabaseLease
from gateway.catalogue.sync.once import Sync
from gateway.catalogue.trust import session  # imported here once, not in each follower
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater
from gateway.catalogue.trust.hub import TrustedHub
from gateway.catalogue.trust.mark_table import MarkTable
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.tasks import Tasks
from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.sync.machine import bundle_of

IMPORTED = session


def main(url: str, root: str, place: str) -> None:
    """Fork a follower for each line that comes."""
    for _ in sys.stdin:
        number = os.fork()
        if number == 0:
            asyncio.run(_follow(URL(url), Path(root).read_bytes(), Path(place)))
            os._exit(1)  # it is killed, or something went wrong
        _, status = os.waitpid(number, 0)
        _say(ended=os.waitstatus_to_exitcode(status))


async def _follow(url: URL, root: bytes, place: Path) -> None:
    _say(number=os.getpid())
    clock, tasks = SystemClock(), Tasks()
    database = await Database.open(f"sqlite:///{place}/modelport.db")
    store = CatalogueStore(place / "catalogue" / "catalog.db", clock)
    hub = TrustedHub(
        url,
        place / "catalogue" / "tuf",
        root,
        transport=SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=5)),
        floor=TimeFloor(clock),
        high_water=HighWater(store, MarkTable(database)),
    )
    sync = Sync(
        store,
        hub,
        clock=clock,
        lease=DatabaseLease(database, clock, id_="here", owner="the follower"),
        tasks=tasks,
        bundle=bundle_of,
        suppressed=_nobody,
        folder=place / "catalogue" / "incoming",
        every_s=900,
    )
    await sync.start()
    while True:
        outcome = await sync.once(forced=True)
        if not isinstance(outcome.error, HubError | None):  # a hub that changes so fast may be torn for once
            raise outcome.error
        assert store.version is not None
        _say(kind=outcome.kind, serial=store.version.serial)
        await asyncio.sleep(0.002)


async def _nobody() -> Iterable[str]:
    return ()


def _say(**what: Any) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
