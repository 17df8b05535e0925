"""What can be wrong with a hub. Every failure of a refresh or a fetch is one of these kinds (catalogue.md section 7).

HubError
  unreachable   no answer, or one that says no                     stale
  slow          a total deadline ran out                           stale
  truncated     the body ended too early                           stale
  oversize      more bytes than were announced or are allowed      stale
  torn          a file that signed metadata name is not there yet  stale
  disk          a file here could not be written                   stale, or disk-full
  busy          another process uses the directory                 stale
  captive       somebody in between answered instead of the hub    untrusted
  untrusted     signatures or hashes do not fit                    untrusted
  rollback      older than what was seen before                    untrusted
  expired       what is signed is out of date                      expired
  clock_skew    it looks so, and this machine's clock is wrong     clock_skew
  outdated      made for a newer modelport                         outdated-client
"""

import errno
from collections.abc import Mapping
from typing import Final, Literal

from gateway.errors import UpstreamFailed

Kind = Literal[
    "unreachable",
    "slow",
    "truncated",
    "oversize",
    "torn",
    "disk",
    "busy",
    "captive",
    "untrusted",
    "rollback",
    "expired",
    "clock_skew",
    "outdated",
]
FailureState = Literal["stale", "disk-full", "untrusted", "expired", "clock_skew", "outdated-client"]

_STATES: Final[Mapping[Kind, FailureState]] = {
    "captive": "untrusted",
    "untrusted": "untrusted",
    "rollback": "untrusted",
    "expired": "expired",
    "clock_skew": "clock_skew",
    "outdated": "outdated-client",
}
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
TORN_RETRY_S: Final = 60.0
"""A publisher that is just writing has finished by then (section 7, torn publish)."""
MAX_RETRY_AFTER_S: Final = 24 * 3600.0
"""A hub may ask for a day of rest; more would be a way to keep us from news."""

_HINTS: Final[Mapping[Kind, str]] = {
    "unreachable": "check catalogue.url and the network; the list that is here stays in use",
    "slow": "the next look is tried as usual; the list that is here stays in use",
    "truncated": "the next look is tried as usual; the list that is here stays in use",
    "oversize": "tell the hub's owner that a file is longer than its metadata allow",
    "torn": "the hub is probably just being published: it is asked again in a minute",
    "disk": "make room or give the process its data directory; the list that is here stays in use",
    "busy": "another process of this installation is at it; nothing is to be done",
    "captive": "log in to the network, or let the hub through the proxy unchanged",
    "untrusted": "nothing of it was taken; compare with the hub's owner before you change catalogue.root",
    "rollback": "nothing of it was taken; ask the hub's owner whether an old copy is being served",
    "expired": "the hub's owner must publish again; the list that is here stays in use",
    "clock_skew": "set this machine's clock, for example with NTP",
    "outdated": "install a newer modelport; the list that is here stays in use",
}


class HubError(UpstreamFailed):
    """A hub that cannot be believed or reached. `retry_after_s`: not before so many seconds, None where nobody said."""

    def __init__(
        self, kind: Kind, message: str, *, retry_after_s: float | None = None, os_error: OSError | None = None
    ) -> None:
        super().__init__(message, hint=_HINTS[kind], kind=kind)
        self.kind: Kind = kind
        self.retry_after_s = None if retry_after_s is None else min(max(retry_after_s, 0.0), MAX_RETRY_AFTER_S)
        self._is_full = os_error is not None and os_error.errno in _FULL

    @property
    def state(self) -> FailureState:
        """What a status shows for it (section 7)."""
        return "disk-full" if self._is_full else _STATES.get(self.kind, "stale")

    @property
    def is_alarming(self) -> bool:
        """Whether somebody may be attacking. A captive portal alarms only when it stays: that is the caller's count."""
        return self.kind in {"untrusted", "rollback"}
