"""What publishers with keys of their own say of their namespaces, as python-tuf's thread reads it after a refresh.

A publisher whose word cannot be believed takes nothing from the others: its own entries are not shown then. What the
web server or the way to it did is another thing: that ends the look at the hub, as with every other file.
"""

from collections.abc import Iterator

from tuf.api.exceptions import ExpiredMetadataError, LengthOrHashMismatchError, RepositoryError

from gateway.catalogue.namespace import Vouch, list_path, publisher_of, read_promise
from gateway.catalogue.trust.updater import HubUpdater


def vouches(updater: HubUpdater) -> tuple[Vouch, ...]:
    """Return what each publisher says, by name.

    Raises:
        DownloadError, LengthOrHashMismatchError: metadata that the hub names cannot be had as they were published.
    """
    return tuple(_vouch(updater, name) for name in sorted(_publishers(updater)))


def _publishers(updater: HubUpdater) -> Iterator[str]:
    for role in updater.delegated:
        if (name := publisher_of(role)) is not None:
            yield name


def _vouch(updater: HubUpdater, name: str) -> Vouch:
    try:
        info = updater.get_targetinfo(list_path(name))
    except LengthOrHashMismatchError:
        raise
    except ExpiredMetadataError:
        return Vouch(name, None, f"the signature of its publisher {name} has run out")
    except RepositoryError as error:
        return Vouch(name, None, f"its publisher {name} has not signed it: {error}")
    promise = None if info is None else read_promise(info.custom)
    if promise is None:
        return Vouch(name, None, f"its publisher {name} has signed no list")
    return Vouch(name, promise.state_sha256)
