"""`registry.host[:port]/team/model:tag`: its grammar, and what was probably meant (PUB-1). Pure."""

import re
from typing import Final

from msgspec import Struct

from gateway.publish.messages import PublishError, meant

MAX_NAME: Final = 255
"""Of the whole repository name, as registries count it."""
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_MAX_PORT = 65535


class Reference(Struct, frozen=True):
    """A place in a registry. Either a tag or a digest, or both: then the digest decides."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def target(self) -> str:
        """What stands behind `manifests/`."""
        return self.digest or self.tag or "latest"

    @property
    def host(self) -> str:
        """The registry without its port."""
        head, colon, tail = self.registry.rpartition(":")
        return head if colon and tail.isdigit() else self.registry

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse(text: str) -> Reference:
    """Return the parts of a reference; without tag and digest it is the tag `latest`.

    >>> str(parse("registry.acme.io:5000/team/model"))
    'registry.acme.io:5000/team/model:latest'

    Raises:
        PublishError: it is none, with what was probably meant.
    """
    scheme, found, rest = text.partition("://")
    if found:
        raise PublishError("reference_invalid", text=text, why=f"it has no {scheme}://", meant=meant(rest))
    registry, slash, path = text.partition("/")
    if not slash or not _looks_like_host(registry):
        raise PublishError(
            "reference_invalid", text=text, why="it names no registry", meant=meant(_with_registry(text))
        )
    place = _HOST.fullmatch(registry)
    if place is None or int(place["port"] or 1) not in range(1, _MAX_PORT + 1):
        raise PublishError("reference_invalid", text=text, why=f'"{registry}" is no host[:port]', meant="")
    name, at, digest = path.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise PublishError("reference_invalid", text=text, why="behind @ stands sha256: and 64 digits", meant="")
    name, colon, tag = name.partition(":")
    _check_name(name)
    if colon:
        _check_tag(tag)
    return Reference(registry, name, tag or (None if digest else "latest"), digest or None)


def proposed_name(name: str) -> str | None:
    """Return the nearest valid repository name, or None when nothing is left of it.

    >>> proposed_name("Team/Bad Name!"), proposed_name("Ünïcode//x")
    ('team/bad-name', 'n-code/x')
    """
    parts = []
    for part in name.split("/"):
        plain = re.sub(r"[^a-z0-9._-]+", "-", part.lower())
        plain = re.sub(r"_{3,}", "__", plain)
        plain = re.sub(r"(?:[._-]*[.-][._-]*|[._-]{3,})", lambda found: found[0][0] if found[0] else "-", plain)
        plain = plain.strip("._-")
        if plain:
            parts.append(plain)
    proposal = "/".join(parts)
    return proposal if proposal and len(proposal) <= MAX_NAME and _is_name(proposal) else None


def proposed_tag(tag: str) -> str | None:
    """Return the nearest valid tag.

    >>> proposed_tag("v1+cu121"), proposed_tag(".v 2")
    ('v1-cu121', 'v-2')
    """
    proposal = re.sub(r"[^A-Za-z0-9._-]+", "-", tag).lstrip(".-").rstrip("-")[:128]
    return proposal if _TAG.fullmatch(proposal) else None


def _check_name(name: str) -> None:
    if not name:
        raise PublishError("name_invalid", name=name, why="it is empty", meant="")
    if not _is_name(name):
        raise PublishError("name_invalid", name=name, why=_why(name), meant=meant(proposed_name(name)))


def _is_name(name: str) -> bool:
    return len(name) <= MAX_NAME and all(_COMPONENT.fullmatch(part) for part in name.split("/"))


def _why(name: str) -> str:
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, and {MAX_NAME} are allowed"
    if re.search(r"[A-Z]", name):
        return "upper case is not allowed"
    if found := re.search(r"[^a-z0-9._/-]", name):
        return f"{found[0]!r} is not allowed"
    if "" in name.split("/"):
        return "a part between slashes is empty"
    return "a part must begin and end with a letter or digit, with single separators between"


def _check_tag(tag: str) -> None:
    if _TAG.fullmatch(tag):
        return
    why = "it is empty" if not tag else "letters, digits, _ . - and at most 128 of them; not . or - first"
    raise PublishError("tag_invalid", tag=tag, why=why, meant=meant(proposed_tag(tag)))


def _looks_like_host(text: str) -> bool:
    """Whether the first part names a machine, by the rule that every client of registries has."""
    return "." in text or ":" in text or text == "localhost"


def _with_registry(text: str) -> str | None:
    name = proposed_name(text.partition(":")[0])
    tag = text.partition(":")[2]
    return f"docker.io/{name}{':' + tag if tag else ''}" if name and "/" in name else None
