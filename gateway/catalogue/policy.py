"""Rules of the configuration by which entries become models (CAT-1: activation is an operator's or a policy's act).

A rule takes what certainly fits, as a recommendation does: what nobody knows does not. What a team has suppressed, and
so what somebody there deleted, never comes back by one. A list that expired more than 7 days ago activates nothing
(catalogue.md section 7).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

from yarl import URL

from gateway.catalogue import decided
from gateway.catalogue.entry import Entry
from gateway.catalogue.making import AUTHOR, Making
from gateway.catalogue.naming import upstream_name
from gateway.catalogue.offering import Offering
from gateway.catalogue.recommend.filters import checks_of, misfit
from gateway.catalogue.recommend.shelves import entries_of, pages_of
from gateway.catalogue.recommend.wanted import Wanted
from gateway.catalogue.service import CatalogueService, Opened
from gateway.errors import GatewayError
from gateway.registry.inputs import EndpointFields, ModelCreate
from gateway.settings import AdoptRule
from gateway.storage.engine import Database
from gateway.vault.secret import Secret

logger = logging.getLogger("modelport.catalogue")

_KEYLESS = (None, "none")


class Policy:
    """Carries the rules out, one model after the other."""

    def __init__(
        self,
        service: CatalogueService,
        offering: Offering,
        database: Database,
        rules: Sequence[AdoptRule],
        making: Making,
    ) -> None:
        self._service = service
        self._offering = offering
        self._database = database
        self._rules = rules
        self._making = making

    async def carry_out(self) -> None:
        """Make a model of each entry that a rule allows and that its team has none of."""
        opened = await self._service.opened()
        if opened.sync is not None and not opened.sync.status().may_advise:
            logger.warning("the list expired more than 7 days ago: no model is made of it by a rule")
            return
        for rule in self._rules:
            try:
                await self._follow(opened, rule)
            except GatewayError as error:
                logger.warning("catalogue.adopt for team %r is not carried out: %s", rule.team, error.message)

    async def _follow(self, opened: Opened, rule: AdoptRule) -> None:
        async with self._database.read() as conn:
            known = set(await decided.entries_of_team(conn, rule.team))
        left = rule.most - sum(is_meant(rule, id_) for id_ in known)
        allows, server = allowing(rule), self._making.server
        async for bodies in pages_of(opened.lists):
            found = await asyncio.to_thread(lambda page: [one for one in entries_of(page) if allows(one)], bodies)
            for entry in found:
                if entry.id in known:
                    continue
                if left <= 0:
                    logger.warning("catalogue.adopt: %d models of %s are the most", rule.most, ", ".join(rule.entries))
                    return
                left -= await self._make(rule, entry, server)

    async def _make(self, rule: AdoptRule, entry: Entry, server: str) -> bool:
        name = upstream_name(entry.id, entry.publisher)
        try:
            body = ModelCreate(name=name, team=rule.team, catalogue_id=entry.id, endpoints=_keyed(rule, entry, name))
            await self._making.make(await self._offering.fill_in(AUTHOR, body, server=server))
        except (GatewayError, ValueError) as error:
            why = error.message if isinstance(error, GatewayError) else "its name or address cannot be a model's"
            logger.warning("no model is made of the catalogue's entry %s: %s", entry.id, why)
            return False
        logger.info("model %r of team %r is made of the catalogue's entry %s", name, rule.team, entry.id)
        return True


def is_meant(rule: AdoptRule, id_: str) -> bool:
    """Return whether an id is one of the rule's."""
    return any(fnmatchcase(id_, pattern) for pattern in rule.entries)


def allowing(rule: AdoptRule) -> Callable[[Entry], bool]:
    """Return what says of an entry whether the rule allows it."""
    wanted = Wanted(
        residency=rule.residency,
        licences=rule.licences,
        needs=rule.needs,
        max_price_in=None if rule.max_price_in is None else Decimal(rule.max_price_in),
        max_price_out=None if rule.max_price_out is None else Decimal(rule.max_price_out),
    )
    checks = checks_of(wanted)
    return lambda entry: (
        is_meant(rule, entry.id)
        and entry.status == "active"
        and _is_reachable(rule, entry)
        and misfit(entry, wanted, checks) is None
    )


def _is_reachable(rule: AdoptRule, entry: Entry) -> bool:
    """Return whether it says where it is served, and needs no key or the one that the rule has for just that origin."""
    endpoint = entry.endpoint
    if endpoint is None or endpoint.base_url is None:
        return False
    return endpoint.auth in _KEYLESS or _has_key(rule, endpoint.base_url)


def _has_key(rule: AdoptRule, base_url: str) -> bool:
    url = URL(base_url)
    return rule.key_for is not None and url.absolute and url.origin() == URL(rule.key_for).origin()


def _keyed(rule: AdoptRule, entry: Entry, name: str) -> tuple[EndpointFields, ...]:
    """Return the endpoint with the rule's key; nothing where the entry needs none: its own address is taken then."""
    endpoint = entry.endpoint
    if endpoint is None or endpoint.base_url is None or endpoint.auth in _KEYLESS or rule.api_key is None:
        return ()
    return (EndpointFields(base_url=endpoint.base_url, upstream_model=name, api_key=Secret(rule.api_key)),)
