"""What a configuration file declares is changed there alone: one owner for each object, and a refusal for the other.

Used by every service that edits rows with `managed_by` and `managed_at`.
"""

from typing import Protocol

from gateway.errors import Conflict

FILE = "file"
"""`managed_by` of what a configuration file declares; None is the API."""


class Owned(Protocol):
    """A row with its owner."""

    @property
    def managed_by(self) -> str | None:
        """`FILE` or None."""
        ...

    @property
    def managed_at(self) -> str | None:
        """Where it is declared, as `modelport.yaml:12`."""
        ...


def require_owner(kind: str, name: str, row: Owned, by: str | None) -> None:
    """Let pass a change of the row by its owner.

    Raises:
        Conflict: a file declares it and somebody else wants to change it, or the other way round.
    """
    if row.managed_by == by:
        return
    if row.managed_by is None:
        raise Conflict(
            f"{kind} {name!r} is kept over the API",
            code="managed_by_api",
            hint=f"delete the {kind} over the API, or take it out of the file",
        )
    raise Conflict(
        f"{kind} {name!r} is declared in {row.managed_at}; change it there and the server reads it again",
        code="managed_by_file",
        hint="edit that line and save the file: no restart is needed",
        managed_at=row.managed_at,
    )
