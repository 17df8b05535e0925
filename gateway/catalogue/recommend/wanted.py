"""What somebody asks for: every member that is set must certainly hold of an entry. Pure."""

from decimal import Decimal

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """A question. Prices are dollars for a million tokens."""

    task: str | None = None
    region: str | None = None
    """Where it is called from: configured or said, never guessed from an address."""
    residency: str | None = None
    licences: tuple[str, ...] = ()
    """One of these."""
    needs: tuple[str, ...] = ()
    """All of these capabilities."""
    inputs: tuple[str, ...] = ()
    """All of these go in: text, image, audio."""
    outputs: tuple[str, ...] = ()
    open_weights: bool | None = None
    max_price_in: Decimal | None = None
    max_price_out: Decimal | None = None
    context: int | None = None
    """Tokens at least."""
    ram_bytes: int | None = None
    """Memory of the machine that is to run it."""

    def asked(self) -> dict[str, str | frozenset[str]]:
        """Return what rules may go by: what is asked for, never who asks."""
        said: dict[str, str | frozenset[str] | None] = {
            "task": self.task,
            "region": self.region,
            "residency": self.residency,
            "need": frozenset(self.needs) or None,
            "input": frozenset(self.inputs) or None,
            "output": frozenset(self.outputs) or None,
        }
        return {name: value for name, value in said.items() if value is not None}
