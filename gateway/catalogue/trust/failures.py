"""Which kind of failure python-tuf's exceptions are (catalogue.md section 7). Only words depend on hints. Pure."""

from datetime import UTC, datetime

from tuf.api import exceptions
from tuf.ngclient.config import UpdaterConfig

from gateway.catalogue.trust.answers import Heard
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.floor import is_clock_ahead
from gateway.catalogue.trust.updater import HubUpdater, RolledBack

_BOUNDS = frozenset(
    {
        UpdaterConfig.root_max_length,
        UpdaterConfig.timestamp_max_length,
        UpdaterConfig.snapshot_max_length,
        UpdaterConfig.targets_max_length,
    }
)
"""A limit that is none of these is a length that was signed."""


def explained(error: Exception, *, heard: Heard, updater: HubUpdater | None, now_ms: int) -> HubError:
    """Return the failure as one of ours. `heard` are the last answer's circumstances."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, OSError):
        return HubError("disk", f"the hub's files cannot be kept: {error.strerror or error}", os_error=error)
    if isinstance(error, exceptions.DownloadError):
        return _download_failure(error, heard)
    if isinstance(error, exceptions.ExpiredMetadataError):
        return _expired(error, heard, updater, now_ms)
    return _refused(error, heard)


def _refused(error: Exception, heard: Heard) -> HubError:
    if isinstance(error, (RolledBack, exceptions.BadVersionNumberError)):
        return HubError("rollback", f"the hub went back: {error}")
    if heard.looks_like_a_page:
        return _captive(heard)
    if isinstance(error, exceptions.LengthOrHashMismatchError) and _is_short(heard):
        return HubError("truncated", f"{heard.name} ended after {heard.received} of {heard.limit} bytes")
    return HubError("untrusted", f"{heard.name or 'root.json'} is not to be trusted: {_first_line(error)}")


def _download_failure(error: exceptions.DownloadError, heard: Heard) -> HubError:
    cause = error.__cause__
    if heard.looks_like_a_page and isinstance(cause, HubError) and cause.kind in {"oversize", "truncated"}:
        return _captive(heard)
    if isinstance(cause, HubError):
        return cause
    slow = isinstance(error, exceptions.SlowRetrievalError)
    return HubError("slow" if slow else "unreachable", f"{heard.name or 'the hub'}: {error}")


def _captive(heard: Heard) -> HubError:
    return HubError("captive", f"{heard.name} is not what the hub would send: a page, or changed on the way")


def _expired(error: exceptions.ExpiredMetadataError, heard: Heard, updater: HubUpdater | None, now_ms: int) -> HubError:
    """Tell a false alarm of a clock that runs ahead from metadata that are old; both are refused."""
    told_ms = heard.date_ms
    if updater is not None and told_ms is not None and is_clock_ahead(now_ms, told_ms, expires_ms=updater.expires_ms):
        told = datetime.fromtimestamp(told_ms / 1000, UTC)
        ahead_min = (now_ms - told_ms) // 60_000
        return HubError(
            "clock_skew", f"{error}, but at the hub it is {told:%Y-%m-%d %H:%M} UTC, {ahead_min} min less than here"
        )
    return HubError("expired", f"the hub's {error}")


def _is_short(heard: Heard) -> bool:
    """Whether a file was cut rather than changed: shorter than was signed, and no whole document."""
    is_shorter = heard.received < heard.limit and heard.limit not in _BOUNDS
    return is_shorter and not (heard.name.endswith(".json") and heard.end.rstrip().endswith(b"}"))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
