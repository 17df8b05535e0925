"""When a deletion of many models asks for their number first (lifecycle.md section 9). Pure.

A slip of the pen in a filter deletes everything; whoever must say how many it is sees it before. The number is asked
for when more than twenty models and more than a twentieth of the active ones go, or when one of them was called within
the last 24 hours.
"""

from typing import Final

from msgspec import Struct

from gateway.errors import Conflict, PreconditionRequired

FEW: Final = 20
SHARE: Final = 0.05
TRAFFIC_MS: Final = 24 * 3600 * 1000


class Load(Struct, frozen=True):
    """What a bulk deletion is about: models that go, active ones there are, those that go with calls in 24 hours."""

    count: int
    active: int
    used: int

    @property
    def needed(self) -> bool:
        """Whether the number must be confirmed.

        >>> Load(20, 100, 0).needed, Load(21, 100, 0).needed, Load(21, 1000, 0).needed, Load(1, 1000, 1).needed
        (False, True, False, True)
        """
        return self.used > 0 or self.count > max(FEW, SHARE * self.active)

    def why(self) -> str:
        """Say why the number is asked for, or that it is not."""
        if self.used:
            return f"{self.used} of {_models(self.count)} were called within the last 24 hours"
        return f"{_models(self.count)} of {self.active} active ones go at once"


def check_brake(load: Load, confirm_count: int | None) -> None:
    """Let pass what is small and unused, or whose number was confirmed.

    Raises:
        PreconditionRequired: the number must be sent; `confirm_count` holds it.
        Conflict: another number was sent.
    """
    if confirm_count is not None and confirm_count != load.count:
        raise Conflict(
            f"confirm_count says {confirm_count}, but {_models(load.count)} would go",
            code="confirmation_mismatch",
            param="confirm_count",
            hint=f"look at the plan once more; then send confirm_count={load.count}",
            confirm_count=load.count,
        )
    if confirm_count is None and load.needed:
        raise PreconditionRequired(
            f"{load.why()}: this needs a confirmation",
            code="confirmation_required",
            param="confirm_count",
            hint=f"look at the plan; then send confirm_count={load.count}",
            confirm_count=load.count,
        )


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"
