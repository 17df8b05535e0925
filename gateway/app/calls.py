"""The data plane and what it is made of, for one process."""

import asyncio
import random
import sys
from collections.abc import Callable
from functools import partial

from gateway.access.account import Account
from gateway.access.balance import Balancer
from gateway.access.call import Call
from gateway.access.dispatch import Dispatcher
from gateway.access.intake import Intake
from gateway.access.read_on import ReadOn
from gateway.access.relay import Relay
from gateway.access.routes import DataPlane
from gateway.app.ground import Ground
from gateway.errors import GatewayError
from gateway.observe.access_log import AccessLog
from gateway.observe.logs import wants_json
from gateway.registry.farewell import farewell
from gateway.registry.objects import ObjectStore, StoredObjects
from gateway.registry.registry import Registry
from gateway.registry.snapshot import EndpointRoute, Snapshot
from gateway.tasks import Tasks
from gateway.upstream.session_transport import SessionTransport

_DROPPED_AT_ONCE = 1000
"""Endpoints whose connections are looked for at once: 1 ms."""


def make_data_plane(ground: Ground) -> tuple[DataPlane, Relay]:
    """Return the routes of calls, and what carries them and knows how many are under way."""
    settings, live = ground.settings, ground.live
    store = ObjectStore(ground.database)
    objects = StoredObjects(store, ground.writer(store.add, "stored objects"), ground.registry, ground.clock)
    account = _account(ground, objects)
    balancer = Balancer(ground.clock.monotonic, random.random)
    ground.registry.on_change(lambda now, _: balancer.retain(now.endpoints))
    ground.registry.on_change(partial(_drop_idle, ground.transport, ground.tasks))
    dispatcher = Dispatcher(
        ground.transport, ground.vault, balancer, settings.timeouts, retried=account.attempt_given_up
    )
    keepalive_s = settings.streams.keepalive_s if settings.streams.keepalive else None
    relay = Relay(
        dispatcher,
        settings.timeouts,
        made=account.object_made,
        farewell=partial(_farewell, ground.registry),
        keepalive_s=keepalive_s,
    )
    read_on = ReadOn(ground.tasks, default_ms=settings.usage.drain_for_usage_ms)
    ground.closing.append(read_on.end)
    live.on_change(lambda now: relay.adopt(now.timeouts))
    plane = DataPlane(
        ground.registry,
        Intake(ground.registry, objects, settings.server, instance=ground.instance),
        relay,
        account,
        read_on=read_on,
        server=settings.server,
        is_hidden=ground.checking.is_down,
        deletes=lambda: ground.delete_model if live.settings.access.delete_models else None,
    )
    live.on_change(lambda now: plane.adopt(now.server))
    return plane, relay


def _account(ground: Ground, objects: StoredObjects) -> Account:
    """Return what keeps the books of every call: metrics, usage rows, lines of the log."""
    settings, metrics, troubles = ground.settings, ground.metrics, ground.troubles
    usage = ground.usage
    metrics.read_at_scrape("modelport_usage_rows_waiting", "Usage rows that wait.", lambda: len(usage))
    metrics.count_at_scrape("modelport_usage_rows_lost", "Usage rows not written.", lambda: usage.lost)
    as_json = wants_json(settings.log.format, sys.stderr)
    log = AccessLog(ground.tasks, as_json=as_json, lost=metrics.log_lines_lost.add, written=troubles.keep_calls)
    log.start()
    ground.closing.append(log.flush)
    account = Account(metrics, usage.put, objects, ground.clock, log=log if settings.log.requests else None)
    ground.live.on_change(lambda now: account.write_lines(log if now.log.requests else None))
    return account


def _farewell(registry: Registry, call: Call) -> Callable[[], GatewayError]:
    route = call.route
    assert route is not None  # it is a model's calls that are ended
    return farewell(call.principal, call.model or route.name, route.uid, registry.snapshot)


def _drop_idle(transport: SessionTransport, tasks: Tasks, _now: Snapshot, closed: tuple[EndpointRoute, ...]) -> None:
    """Close the idle connections of endpoints that are gone or changed: of few at once, of very many by turns."""
    if len(closed) <= _DROPPED_AT_ONCE:
        _drop(transport, closed, set())
    else:
        tasks.start(_drop_by_turns(transport, closed), name="close connections of endpoints that are gone")


async def _drop_by_turns(transport: SessionTransport, closed: tuple[EndpointRoute, ...]) -> None:
    done: set[tuple[str | None, int | None]] = set()
    for start in range(0, len(closed), _DROPPED_AT_ONCE):
        _drop(transport, closed[start : start + _DROPPED_AT_ONCE], done)
        await asyncio.sleep(0)


def _drop(
    transport: SessionTransport, closed: tuple[EndpointRoute, ...], done: set[tuple[str | None, int | None]]
) -> None:
    """Close what is idle at each host and port that is not `done` yet."""
    for endpoint in closed:
        place = (endpoint.base_url.raw_host, endpoint.base_url.port)
        if place not in done:
            done.add(place)
            transport.drop_idle(endpoint.base_url)
