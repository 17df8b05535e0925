"""What is told to whoever publishes.

ConfigError
└── HubFault        the hub's folders, keys or entries are not as they have to be; nothing was published
└── BadEntries  entries that no client would take, each with its file and line
"""

from collections.abc import Sequence

from msgspec import Struct

from gateway.errors import ConfigError

_SHOWN = 20


class HubFault(ConfigError):
    """Nothing was published, and why."""


class Problem(Struct, frozen=True):
    """What is wrong with one entry. `line` counts from 1, `id` is None where none can be told."""

    file: str
    line: int
    id: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {f'{self.id}: ' if self.id else ''}{self.reason}"


class BadEntries(HubFault):
    """Some entries cannot be published, so none is."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        super().__init__(
            "; ".join(map(str, problems[:_SHOWN])) + more,
            hint="mend these lines, then publish again; nothing was published",
        )
        self.problems = tuple(problems)
