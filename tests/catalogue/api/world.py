"""What tests of the catalogue's API do again and again: wait for a list, sync, publish."""

from typing import Any

from tests.app.caller import Caller, until
from tests.app.installation import Installation

READY_S = 30.0
LIST = "api/v1/catalogue/models"


async def shows(caller: Caller, serial: int) -> None:
    """Return when the list of this serial is in use."""

    async def there() -> bool:
        return (await status(caller)).get("serial") == serial

    await until(there, within_s=READY_S)


async def status(caller: Caller) -> dict[str, Any]:
    """Return how fresh the list is."""
    found: dict[str, Any] = await caller.show("api/v1/catalogue/status")
    return found


async def sync(product: Installation) -> dict[str, Any]:
    """Have the hub asked now and return the operation when it is over."""
    begun = await product.admin.post("api/v1/catalogue:sync", None)
    assert begun.status == 202, begun.text
    operation = f"api/v1/operations/{begun.json['id']}"

    async def over() -> bool:
        return (await product.admin.show(operation))["state"] in {"done", "failed", "cancelled"}

    await until(over, within_s=READY_S)
    ended: dict[str, Any] = await product.admin.show(operation)
    return ended


async def ids(caller: Caller, **query: str | int) -> list[str]:
    """Return the ids of one page."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    found = await caller.show(f"{LIST}?{text}" if text else LIST)
    return [one["id"] for one in found["items"]]
