"""What a deletion is given from outside: the settings that decide about it, and who waits for calls under way."""

from collections.abc import Mapping
from typing import Any, Protocol

from gateway.operations.record import OperationRecord
from gateway.storage.connection import AsyncConnection


class Rules(Protocol):
    """The settings that decide about deletions."""

    @property
    def purge_days(self) -> int:
        """How long a deleted model can be restored."""
        ...

    @property
    def quarantine_days(self) -> int:
        """How long a purged model's name rests."""
        ...

    @property
    def grace_s(self) -> float:
        """How long calls under way may go on."""
        ...

    @property
    def max_grace_s(self) -> float:
        """How long somebody may let them go on."""
        ...

    @property
    def require_if_match(self) -> tuple[str, ...]:
        """Deletions that need If-Match: by their policy, and "purge"."""
        ...


class Operations(Protocol):
    """What waits for calls under way, as the operations' service has it."""

    async def create(  # noqa: PLR0913 - keyword-only, as there
        self,
        conn: AsyncConnection,
        kind: str,
        *,
        target: str | None = None,
        target_name: str | None = None,
        team: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        due_at: int | None = None,
        total: int | None = None,
    ) -> OperationRecord:
        """Note the operation inside the transaction."""
        ...
