"""Every text of a download: one table. Pure.

A text says what and why; the hint what to do. `status` is what the API answers or an operation ends with.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from gateway.errors import GatewayError


class Text(Struct, frozen=True):
    """A failure's words."""

    message: str
    hint: str
    status: int = 502


_AGAIN: Final = "what has arrived is kept: the same download goes on from there"

TEXTS: Final[Mapping[str, Text]] = {
    # what was asked for
    "artefact_odd": Text("the file cannot be fetched: {why}", "correct what is known of the file", 422),
    "url_odd": Text("{url!r} is no address of a file", "write it in full, https://host/path/file", 422),
    "url_credentials": Text(
        "the address holds a user or password", "leave them out: --credential env:NAME sends a token", 422
    ),
    "name_unknown": Text("the address does not end in the name of a file", "give the file a name: --name, `name`", 422),
    "name_odd": Text(
        "{given!r} is no name below the downloads folder",
        "write a relative path without `..`, hidden parts, backslashes or links that leave the folder",
        422,
    ),
    "hash_missing": Text(
        "nobody knows the file's SHA-256, so its content cannot be checked",
        "name it: --sha256; or take the file as it comes: --no-verify",
        422,
    ),
    "file_there": Text(
        "{path} is there and is not the file that is wanted", "choose another name or folder, or --overwrite", 409
    ),
    # this machine
    "disk_full": Text(
        "{folder} has room for {free}, and the download needs {needed}", "make room, or choose another folder", 503
    ),
    "unwritable": Text("{path} cannot be written: {reason}", "choose another folder, or mend the disk", 500),
    # the server
    "refused": Text("{place} answers {status} instead of the file", "check the address, and who may read it"),
    "redirected": Text(
        "{place} sends the download elsewhere ({why})", "give the final address, or name the file's SHA-256"
    ),
    "egress_denied": Text("{place} is not asked: {why}", "an administrator allows it in egress.allow_networks", 403),
    "length_unknown": Text("{place} does not tell how long the file is", "name its length: --size, `size`"),
    "length_differs": Text("{place} has {found} bytes where {size} are expected", "check address, size and SHA-256"),
    "answer_odd": Text("{place} answers a download in a way that is not understood: {why}", "try another mirror"),
    "keeps_changing": Text(
        "{place} changed the file {times} times while it was fetched", "wait until it is settled, then begin anew"
    ),
    "wait_too_long": Text("{place} asks to wait {wait:.0f} s", f"come back then; {_AGAIN}", 503),
    "gave_up": Text("{place} was asked {times} times without success: {reason}", f"try again later; {_AGAIN}"),
    "digest_differs": Text(
        "the file arrived with another content than {sha256}, and was thrown away",
        "check the SHA-256; if it is right, the server has another file",
    ),
    "chunk_differs": Text(
        "bytes {start}-{end} arrived {times} times with another content than the list of chunks says",
        "the server has another file: try another mirror, or tell its operator",
    ),
}  # fmt: skip


class DownloadError(GatewayError):
    """A download that ends here. `code` is `download_` and the text's name in the table."""

    def __init__(self, name: str, /, **values: Any) -> None:
        text = TEXTS[name]
        super().__init__(text.message.format_map(values), code=f"download_{name}", hint=text.hint)
        self.name = name
        self.values = values
        self.status = text.status  # type: ignore[misc]  # of the text, not of the class


def shown_size(count: float) -> str:
    """Return a number of bytes as people say it.

    >>> shown_size(7_600_000_000), shown_size(512)
    ('7.6 GB', '512 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - SI units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
