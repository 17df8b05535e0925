"""Where a model is called, and which key goes there: the same rules for `resolve`, `use` and `call`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cli.client import segment
from gateway.cli.command import Session
from gateway.cli.failure import Failure
from gateway.cli.output import JsonObject
from gateway.cli.talk import say

if TYPE_CHECKING:
    from resolver import ResolvedURL

_WARNINGS = {
    "downgrade": "warning: the gateway speaks http although the server speaks https; no key is sent to it",
    "missing_leading_slash": "warning: the published path lacks its leading slash",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A model's address as this caller reaches it. `published` is the server's answer."""

    resolved: "ResolvedURL"
    published: JsonObject

    @property
    def url(self) -> str:
        """The text to call."""
        return str(self.resolved)

    @property
    def model(self) -> str:
        """The model's name as it was asked for."""
        return str(self.published["model"])


def find_address(session: Session, name: str) -> Address:
    """Ask the server where a model is called, and resolve the answer for the server's URL as this caller wrote it."""
    # Inner import: the resolver takes 15 ms, and --help must not.
    from resolver import resolve

    try:
        published: JsonObject = session.api.get("/resolve", model=name, team=session.team).body
    except Failure as failure:
        problem = failure.problem or {}
        if successor := problem.get("successor"):
            failure.hint = f"modelport resolve {successor}"
        elif problem.get("code") in {"model_not_found", "model_retired"}:
            failure.hint = "modelport models list shows every name"
        raise
    resolved = resolve(published["base_url"], server=session.server)
    warn(resolved)
    return Address(resolved, published)


def find_task(session: Session, address: Address) -> str:
    """Return what the model is for: chat, embeddings or another task."""
    model: JsonObject = session.api.get(f"/models/{segment(address.published['uid'])}").body
    return str(model["task"])


def key_for(session: Session, address: Address) -> str | None:
    """Return the key to send to the address, None where it must not go (RES-2).

    It goes to the server's own origin and to gateways that the server lists, and never from https to http.
    """
    # Inner import: as above.
    from yarl import URL

    trusted = {URL(session.server).origin(), *(URL(gateway).origin() for gateway in address.published["gateways"])}
    if address.resolved.origin in trusted and "downgrade" not in address.resolved.warnings:
        return session.key
    return None


def warn(resolved: "ResolvedURL") -> None:
    """Say what is dubious about an address."""
    for code in resolved.warnings:
        say(_WARNINGS[code])
