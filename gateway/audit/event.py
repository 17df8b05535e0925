"""What happened, as whoever did it tells: pure. `trail.py` adds who, when and from where.

`before` and `after` are what an object was and is, as JSON-able mappings without secrets: those of a change may be
whole, what did not change is left out of the record.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from gateway.api.acting import Acting

Outcome = Literal["ok", "denied", "conflict", "error"]
Values = Mapping[str, Any]


class Event(Struct, frozen=True):
    """One thing that was done to one object, or refused. `action` is noun and verb, as `model.delete`.

    `effects` names every further row that was touched, `repeated` how often the same was refused since the last row of
    it, `reason` is why when the caller's own words do not say it, `who` did it, unless it is who acts at the writing.
    """

    action: str
    kind: str
    uid: str | None = None
    name: str = ""
    team: str | None = None
    rev_before: int | None = None
    rev_after: int | None = None
    before: Values | None = None
    after: Values | None = None
    effects: tuple[Values, ...] = ()
    reason: str | None = None
    outcome: Outcome = "ok"
    status: int = 200
    operation_id: str | None = None
    repeated: int = 0
    who: Acting | None = None
