"""What the catalogue's lists look like as answers. Loaded when somebody first asks for an entry. Pure.

A page is put together of the entries' own bytes: they are JSON already, and 200 of them are 200 KB.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from gateway.api.page import encode_cursor
from gateway.catalogue.entry import Entry, parse_entry
from gateway.catalogue.inputs import EntryQuery
from gateway.catalogue.naming import upstream_name
from gateway.catalogue.service import Found, Listed
from gateway.catalogue.store.local import Pin
from gateway.catalogue.store.read import Changed
from gateway.catalogue.store.search import Query
from gateway.catalogue.views import OneEntryView, Origin, PinView
from gateway.storage.clock import rfc3339
from resolver import ResolveError, resolve


def query_of(query: EntryQuery, *, after: str | None) -> Query:
    """Return what the store is asked."""
    return Query(
        text=query.q,
        publisher=query.publisher,
        family=query.family,
        license=query.license,
        kind=query.kind,
        status=query.status,
        open_weights=query.open_weights,
        capabilities=query.capability,
        modalities_in=query.modality,
        modalities_out=query.output,
        apis=query.api,
        regions=query.region,
        residency=query.residency,
        min_context=query.min_context,
        max_price_in=None if query.max_price_in is None else Decimal(query.max_price_in),
        max_price_out=None if query.max_price_out is None else Decimal(query.max_price_out),
        after=after,
        limit=query.limit,
    )


def page_body(page: Listed, origin: str) -> bytes:
    """Return the answer with a page; `origin` is the server's URL as the caller used it."""
    signed_at = page.version.signed_at_ms
    tail = {
        "next_cursor": None if page.after is None else encode_cursor((page.after,)),
        "serial": page.version.serial,
        "signed_at": None if signed_at is None else rfc3339(signed_at),
    }
    items = b",".join(_item(one, origin) for one in page.items)
    return b'{"items":[%b],%b' % (items, json.dumps(tail).encode()[1:])


def one_entry(
    found: Found, origin: str, models: Sequence[str], *, reason: str | None, suppressed: bool
) -> OneEntryView:
    """Return the answer about an entry."""
    stored = found.stored
    entry = json.loads(stored.body)
    publisher = entry.get("publisher")
    return OneEntryView(
        id=stored.id,
        entry=entry,
        url=url_of(stored.body, origin),
        origin=cast("Origin", found.origin),
        pinned=stored.is_pinned,
        gone=stored.is_gone,
        upstream_model=upstream_name(stored.id, publisher if isinstance(publisher, str) else None),
        standing="suppressed" if suppressed else stored.standing,
        reason=reason,
        models=tuple(models),
    )


def url_of(body: bytes, origin: str) -> str | None:
    """Return where an entry is served; a path is one on this server, never on the hub (CAT-21)."""
    verdict = parse_entry(body)
    if not isinstance(verdict, Entry) or verdict.endpoint is None or verdict.endpoint.base_url is None:
        return None
    try:
        return str(resolve(verdict.endpoint.base_url, server=origin))
    except ResolveError:
        return None


def change_line(one: Changed) -> bytes:
    """Return a change as a line of `…/changes`: the whole entry, or that it is gone."""
    if one.body is not None:
        return b'{"op":"put","serial":%d,"entry":%b}\n' % (one.serial, one.body)
    said = {"op": "del", "serial": one.serial, "id": one.id, "reason": one.reason, "successor": one.successor}
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode() + b"\n"


def end_line(serial: int) -> bytes:
    """Return the last line: without it, the answer broke off."""
    return b'{"op":"end","serial":%d}\n' % serial


def pin_view(one: Pin) -> PinView:
    """Return the answer about a pin."""
    return PinView(entry_id=one.id, at=rfc3339(one.at_ms), by=one.by, gone=one.is_gone, behind=one.is_behind)


def _item(found: Found, origin: str) -> bytes:
    stored = found.stored
    url = None if b'"base_url":"' not in stored.body else url_of(stored.body, origin)
    about = {
        "id": stored.id,
        "url": url,
        "origin": found.origin,
        "pinned": stored.is_pinned,
        "gone": stored.is_gone,
    }
    return b'%b,"entry":%b}' % (json.dumps(about).encode()[:-1], stored.body)
