"""Where a registry sends us: `Location` and `realm` are what an attacker would write (PUB-8). Pure."""

import re
from typing import Final

from yarl import URL

from gateway.publish.messages import PublishError

_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")


def same_origin(one: URL, other: URL) -> bool:
    """Whether scheme, host and port are the same: only there a credential goes."""
    return one.origin() == other.origin()


def follow(location: str, *, asked: URL) -> URL:
    """Return the address that an answer to `asked` leads to; it may be another host, which then gets no credential.

    Raises:
        PublishError: not an address that is followed.
    """
    place = f"{asked.host_subcomponent}:{asked.port}"
    if not location or _ODD.search(location):
        raise PublishError("bad_location", place=place, why="it is empty or holds characters that no address has")
    if location.startswith("/") and not location.startswith("//"):
        return URL(f"{asked.origin()}{location}", encoded=True)
    url = _absolute(location)
    if url is None:
        raise PublishError("bad_location", place=place, why="neither a path nor a full http or https address")
    if asked.scheme == "https" and url.scheme != "https":
        raise PublishError("bad_location", place=place, why="it leads from https to http")
    return url


def check_realm(realm: str, *, registry: URL) -> URL:
    """Return the token server's address, when it may be given credentials.

    Raises:
        PublishError: plain http although the registry is not, or no address.
    """
    url = None if _ODD.search(realm) else _absolute(realm)
    place = f"{registry.host_subcomponent}:{registry.port}"
    if url is None:
        raise PublishError("realm_refused", host=place, realm=repr(realm[:200]), why="it is no http or https address")
    if url.scheme != "https" and registry.scheme == "https":
        raise PublishError("realm_refused", host=place, realm=url.origin(), why="it is plain http")
    return url


def _absolute(text: str) -> URL | None:
    try:
        url = URL(text, encoded=True)
        fits = url.scheme in {"http", "https"} and url.raw_host and url.raw_user is None and url.raw_password is None
        return url.with_fragment(None) if fits and url.port else None
    except ValueError:
        return None
