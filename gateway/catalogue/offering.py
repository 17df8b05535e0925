"""From an entry to a model that can be made of it: what the caller left open is taken from there, and nothing else.

The address is copied once, when somebody makes the model; an entry that is edited later changes no model and sends no
key anywhere (CAT-22). A key never comes from an entry: where one is needed, the caller names the address it is for.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.api.principal import Principal
from gateway.catalogue.naming import upstream_name
from gateway.catalogue.service import CatalogueService
from gateway.errors import Conflict, Unprocessable
from gateway.registry.inputs import EndpointFields, ModelCreate

_TASKS: Final[Mapping[str, str]] = {
    "openai.chat": "chat",
    "openai.responses": "chat",
    "openai.completions": "completions",
    "openai.embeddings": "embeddings",
    "openai.images": "images",
    "openai.audio": "audio",
    "openai.moderations": "moderations",
    "openai.rerank": "rerank",
}


class Offering:
    """What the registry takes models from."""

    def __init__(self, service: CatalogueService) -> None:
        self._service = service

    async def fill_in(self, principal: Principal, body: ModelCreate, *, server: str) -> ModelCreate:
        """Return the model with what its entry says about everything that the caller left open.

        Raises:
            NotFound: there is no such entry.
            Conflict: the team has suppressed it.
            Unprocessable: it is nothing that can be called, or needs a key.
        """
        # Inner imports: they load the list's own part.
        from gateway.catalogue.entry import Entry, parse_entry
        from gateway.catalogue.rendering import url_of

        entry_id = str(body.catalogue_id)
        found, suppressed = await self._service.get(principal, entry_id, body.team)
        if suppressed is not None:
            raise _suppressed(entry_id, suppressed.reason, suppressed.team)
        entry = parse_entry(found.stored.body)
        if not isinstance(entry, Entry) or found.stored.standing == "quarantined":
            why = await self._service.reason_of(entry_id) if isinstance(entry, Entry) else entry.reason
            raise Unprocessable(
                f"the catalogue's entry {entry_id!r} cannot be used: {why}",
                code="entry_unusable",
                param="catalogue_id",
                hint="install a newer modelport, or tell the hub's owner",
            )
        if entry.status == "retired":
            raise Unprocessable(
                f"the catalogue's entry {entry_id!r} is retired",
                code="entry_unusable",
                param="catalogue_id",
                hint=f"use {entry.successor}, which takes over" if entry.successor else "choose another entry",
            )
        given: dict[str, Any] = {}
        if "task" not in body.model_fields_set:
            given["task"] = next((_TASKS[one] for one in entry.api if one in _TASKS), "chat")
        if "description" not in body.model_fields_set and entry.display_name:
            given["description"] = entry.display_name
        if not body.endpoints:
            given["endpoints"] = (_endpoint(entry_id, entry, url_of(found.stored.body, server)),)
        return body.model_copy(update=given)


def _endpoint(entry_id: str, entry: Any, url: str | None) -> EndpointFields:
    if url is None:
        raise Unprocessable(
            f"the catalogue's entry {entry_id!r} has no address: it says what the model is, and not where it is served",
            code="entry_unusable",
            param="endpoints",
            hint="say where it runs: send endpoints, or modelport models add NAME --from-catalogue ID --endpoint URL",
        )
    if entry.endpoint.auth not in {None, "none"}:
        raise Unprocessable(
            f"{url} wants a key, and a catalogue has none",
            code="entry_needs_key",
            param="endpoints",
            hint="name the address that your key is for: modelport models add NAME --from-catalogue ID --api-key REF",
            base_url=url,
            upstream_model=upstream_name(entry_id, entry.publisher),
        )
    return EndpointFields(base_url=url, upstream_model=upstream_name(entry_id, entry.publisher))


def _suppressed(entry_id: str, reason: str, team: str) -> Conflict:
    why = f": {reason}" if reason else ""
    return Conflict(
        f"the catalogue's entry {entry_id!r} is suppressed for {f'team {team!r}' if team else 'everybody'}{why}",
        code="entry_suppressed",
        hint=f"offer it again: modelport catalogue suppressions remove {entry_id}"
        + (f" --team {team}" if team else ""),
    )
