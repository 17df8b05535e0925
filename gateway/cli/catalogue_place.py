"""Where a model of the catalogue is served: the address goes to the server with the key that is meant for it.

The person sees the address first; the server gets that very one, not the entry's of a moment later (CAT-22).
"""

from gateway.cli.client import segment
from gateway.cli.command import Session
from gateway.cli.failure import UsageFailure
from gateway.cli.output import JsonObject
from gateway.cli.talk import say


def place_of(session: Session, entry_id: str, shared: JsonObject) -> tuple[list[str], JsonObject]:
    """Return the address of an entry, and what its endpoint is besides: the name there, and the caller's key.

    Raises:
        Failure: there is no such entry (exit 3).
        UsageFailure: it says no address, or wants a key.
    """
    found = session.api.get(f"/catalogue/models/{segment(entry_id)}", team=session.team).body
    url, endpoint = found["url"], found["entry"].get("endpoint") or {}
    if url is None:
        raise UsageFailure(
            f"the catalogue says what {entry_id!r} is, and not where it is served",
            hint="say where it runs: --endpoint URL",
        )
    if endpoint.get("auth") not in {None, "none"} and "api_key" not in shared:
        raise UsageFailure(
            f"{url} wants a key, and the catalogue has none",
            hint="say where yours is: --api-key env:NAME, as the server sees it; or --api-key-file PATH to store it",
        )
    name = shared.get("upstream_model") or found["upstream_model"]
    say(f"{entry_id}: {url}, where it is called {name}")
    return [url], {**shared, "upstream_model": name}
