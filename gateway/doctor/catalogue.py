"""The catalogue as a running server tells it: whether its hub is believed, and what waits. Calls never depend on it."""

from collections.abc import Iterator
from typing import Any

from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine, Silence, Told

_OK = 200
_STATUS = "modelport catalogue status"
_WELL = frozenset({"fresh", "bundled", "static", "syncing"})
_OLD_S = 30 * 86_400


def check_catalogue(machine: Machine) -> Iterator[Finding]:
    """Whether the list of models is fresh, and whether somebody must decide something."""
    healthy = machine.server.ask("-/healthy")
    if isinstance(healthy, Silence) or not healthy.is_modelport:
        yield skip("there is no server to ask")
        return
    told = machine.server.ask("api/v1/catalogue/status")
    if not isinstance(told, Told) or told.status != _OK or not isinstance(told.data, dict):
        yield skip("the server does not tell without a key that may read", "export MODELPORT_KEY=mp_…")
        return
    yield from _findings(told.data)


def _findings(status: dict[str, Any]) -> Iterator[Finding]:
    state, why = status.get("state"), status.get("last_error") or "no reason is known"
    if state == "untrusted":
        yield fail(f"the catalogue's hub is not to be trusted: {why}", _STATUS)
    elif state not in _WELL:
        yield warn(f"the catalogue is {state}: {why}", _STATUS)
    elif (status.get("age_s") or 0) > _OLD_S and status.get("hub"):
        yield warn(f"the catalogue's hub was last believed {status['age_s'] // 86_400} days ago", _STATUS)
    else:
        yield ok(f"the catalogue is {state}, serial {status.get('serial')}")
    if held := status.get("held"):
        yield warn(
            f"serial {held['serial']} of the catalogue would take {held['removed']} entries away, and waits",
            f"modelport catalogue accept {held['serial']}",
        )
    if orphaned := (status.get("counts") or {}).get("orphaned"):
        yield warn(f"{orphaned} models came from entries that are gone", "modelport catalogue proposals list")
