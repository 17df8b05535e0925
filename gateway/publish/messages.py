"""Every text of a publish: one table (preflight.md section 6). Pure.

A text says what, why and what to do in one breath; values in braces are filled in by who found it. `blame` decides the
exit code of a failure outside the check (inside it, all failures are 12).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from gateway.errors import GatewayError


class Blame(StrEnum):
    """Whose turn it is."""

    WORDS = "words"  # what was typed
    CHECK = "check"  # the registry will not take it
    ABSENT = "absent"
    RIGHTS = "rights"
    REGISTRY = "registry"  # down, full, or broken


class Text(Struct, frozen=True):
    """A failure's words."""

    message: str
    blame: Blame = Blame.CHECK


_WORDS, _CHECK, _ABSENT, _RIGHTS, _REGISTRY = Blame

TEXTS: Final[Mapping[str, Text]] = {
    # what was typed
    "name_invalid": Text('"{name}" is not a valid repository name ({why}).{meant}', _WORDS),
    "reference_invalid": Text('"{text}" is not a reference ({why}).{meant}', _WORDS),
    "tag_invalid": Text('"{tag}" is not a valid tag ({why}).{meant}', _WORDS),
    "directory_missing": Text('There is no directory "{path}" to publish.', _WORDS),
    "directory_empty": Text('"{path}" holds no files to publish.', _WORDS),
    "link_leaves": Text(
        '"{path}" is a link that leaves the directory; add --follow-links to publish what it leads to.', _WORDS
    ),
    "file_unreadable": Text('"{path}" cannot be read: {reason}.', _WORDS),
    "file_changed": Text('"{path}" changed while it was published. Run the command again when it is whole.', _CHECK),
    "cache_unwritable": Text("{path} cannot be written: {reason}. XDG_CACHE_HOME names another folder.", _WORDS),
    "credentials_unreadable": Text("{source} cannot be used: {reason}.", _WORDS),
    # on the way to the registry
    "name_unknown": Text('Registry "{host}" cannot be reached (name not known).{meant}', _REGISTRY),
    "refused": Text('Registry "{host}" cannot be reached (nothing listens on port {port}).{meant}', _REGISTRY),
    "connect_timeout": Text(
        'Registry "{host}" cannot be reached (no connection within {limit:g} s). Check the host, and firewalls on the'
        " way.",
        _REGISTRY,
    ),
    "no_route": Text('Registry "{host}" cannot be reached ({reason}).', _REGISTRY),
    "use_plain_http": Text(
        "{place} answered plain HTTP where HTTPS was expected. Use --plain-http for this registry.", _REGISTRY
    ),
    "use_https": Text("{place} speaks HTTPS: leave out --plain-http.", _REGISTRY),
    "tls": Text("The TLS handshake with {place} failed. Check the registry's TLS versions and its name.", _REGISTRY),
    "certificate": Text(
        "The certificate of {place} is not accepted ({reason}). Give its authority with SSL_CERT_FILE=/path/to/ca.pem.",
        _REGISTRY,
    ),
    "egress_denied": Text("Registry {place} is not asked: {reason}.", _RIGHTS),
    "hung_up": Text("{place} closed the connection before it answered. Try again; then look at its log.", _REGISTRY),
    "silent": Text("{place} did not answer within {limit:g} s. Try again; then look at its log.", _REGISTRY),
    "no_http": Text("{place} speaks another protocol than HTTP. Check the port.", _REGISTRY),
    "out_of_time": Text("The check took longer than {limit:g} s. Try again, or push with --skip-preflight.", _REGISTRY),
    "not_a_registry": Text("{url} answered {status} {kind}: not an OCI registry.{meant}"),
    "bad_location": Text("{place} sent the upload to an address that is not followed ({why}).", _REGISTRY),
    # who one is
    "refused_user": Text(
        'Registry refused user "{user}" (401). Log in again: modelport registry login {host}. Credentials came from'
        " {source}.",
        _RIGHTS,
    ),
    "refused_anonymous": Text(
        "Registry {host} asks for credentials (401), and there are none. {login} Looked in {source}.", _RIGHTS
    ),
    "realm_refused": Text(
        "Registry {host} asks for a token at {realm}, which gets no credentials ({why}).", _RIGHTS
    ),
    "realm_broken": Text("The token server {realm} answered {status}{says}. Try again; then tell its operator."),
    "pull_only": Text(
        "{who} may pull from {repository} but not push (token scope: pull). Ask for push, or publish under a namespace"
        " you own.",
        _RIGHTS,
    ),
    "no_push": Text(
        "{who} may not push to {repository} ({status}{says}). Ask for push, or publish under a namespace you own.",
        _RIGHTS,
    ),
    "provider": Text("{explained}", _RIGHTS),
    # what the registry takes
    "no_uploads": Text("{registry} accepts no uploads (405): it is read-only or a pull-through cache."),
    "no_repository": Text("Repository {repository} does not exist.{close}{create}", _ABSENT),
    "name_refused": Text('{registry} refuses the name "{repository}" ({status}{says}).'),
    "tag_exists": Text("{repository}:{tag} already exists ({digest}). Use a new tag or --overwrite."),
    "tag_differs": Text(
        "{repository}:{tag} already exists ({digest}), and what lies here is {mine}. Use a new tag or --overwrite."
    ),
    "immutable": Text(
        "The registry keeps {repository}:{tag} as it is ({status}{says}). Preflight cannot see immutable tags; use a"
        " new tag."
    ),
    "not_kept": Text(
        "The registry accepted the upload but could not keep it ({status}{says}). Preflight cannot see quota.",
        _REGISTRY,
    ),
    "rate_limited": Text("{registry} answers 429, too many requests{says}. Wait{wait} and try again.", _REGISTRY),
    "unexpected": Text("{registry} answered {status} to {what}{says}. Look at the registry's log.", _REGISTRY),
    "broke_off": Text("The upload to {place} broke off ({reason}). Run the command again.", _REGISTRY),
    "stalled": Text("{place} took nothing for {limit:g} s. Run the command again.", _REGISTRY),
    # pulling
    "absent": Text("{reference} does not exist in the registry (404).", _ABSENT),
    "not_a_package": Text("{reference} is no model package: {why}."),
    "not_unpacked": Text(
        "{reference} is not unpacked: {why}. Look into it with: skopeo copy docker://{reference} dir:FOLDER"
    ),
    "path_leaves": Text('{reference} holds the file name "{path}", which leaves the directory: nothing was written.'),
    "digest_differs": Text("{what} of {reference} arrived with another content than {digest}: it was thrown away."),
    "download_broke_off": Text(
        "The download from {place} broke off: {reason}. Run the command again: it goes on where it was.", _REGISTRY
    ),
    "file_in_the_way": Text("{path} is there and has another content. Use an empty directory or --overwrite.", _WORDS),
    "file_unwritable": Text("{path} cannot be written: {reason}.", _WORDS),
}  # fmt: skip


class PublishError(GatewayError):
    """A publish or pull that ends here. `code` is the text's name in the table."""

    status = 502

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(TEXTS[code].message.format_map(values), code=code)

    @property
    def blame(self) -> Blame:
        """Whose turn it is."""
        return TEXTS[self.code].blame


def says(text: str) -> str:
    """Return a registry's own words for the end of a clause: at most 200 printable characters, no full stop."""
    shown = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return f": {shown[:200].rstrip('.')}" if shown else ""


def meant(proposal: str | None) -> str:
    """Return the question behind a sentence."""
    return f' Did you mean "{proposal}"?' if proposal else ""


def size(count: float) -> str:
    """Return a number of bytes as people say it.

    >>> size(7_600_000_000), size(512), size(0)
    ('7.6 GB', '512 B', '0 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - SI units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
