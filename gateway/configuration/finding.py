"""What is wrong in a configuration: the place, the key, one sentence, and what to do. The value is never repeated."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.errors import ConfigError


class Finding(Struct, frozen=True):
    """One fault. `where` is `file:line`, a variable or a flag; `key` the setting's path, empty for the whole file."""

    where: str
    key: str
    message: str
    hint: str | None = None

    @property
    def told(self) -> str:
        """Place, key and message in one line, without the hint."""
        return ": ".join(part for part in (self.where, self.key, self.message) if part)

    def __str__(self) -> str:
        return f"{self.told}; {self.hint}" if self.hint else self.told


class ConfigurationError(ConfigError):
    """Everything that is wrong, at once: one line for each finding, in the order in which they stand in the file."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        if len(self.findings) == 1:
            super().__init__(self.findings[0].told, hint=self.findings[0].hint)
        else:
            super().__init__("\n".join(map(str, self.findings)))
