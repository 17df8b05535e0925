"""What is wanted: where a file lies, how long it is and which bytes it has. Pure; anybody may use it."""

import re
from typing import Final, Protocol
from urllib.parse import unquote

from msgspec import Struct
from yarl import URL

from gateway.downloads.errors import DownloadError

MAX_CHUNK: Final = 2**30
"""Largest chunk with a hash of its own: what a bad byte in it costs."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")


class Artefact(Struct, frozen=True, kw_only=True):
    """A file. `mirrors` have the same bytes as `url`; `chunks` are hex SHA-256 of `chunk` bytes each, the last shorter.

    Raises:
        DownloadError: what is known of it does not fit together.
    """

    url: str
    size: int | None = None
    """Bytes; None: the server tells."""
    sha256: str | None = None
    """Hex; None: nobody knows, and nothing can be checked."""
    chunk: int | None = None
    chunks: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check it."""
        hashes = self.chunks if self.sha256 is None else (self.sha256, *self.chunks)
        for one in hashes:
            if not _SHA256.fullmatch(one):
                raise DownloadError("artefact_odd", why=f"{one[:80]!r} is no SHA-256 in 64 lower-case hex digits")
        if self.size is not None and self.size < 0:
            raise DownloadError("artefact_odd", why="its size is below 0")
        if self.chunks and (self.size is None or self.chunk is None or not 0 < self.chunk <= MAX_CHUNK):
            raise DownloadError("artefact_odd", why=f"a list of chunks needs size and chunk, up to {MAX_CHUNK} bytes")
        if self.chunks and len(self.chunks) != -(-(self.size or 0) // (self.chunk or 1)):
            raise DownloadError("artefact_odd", why="its list of chunks is not as long as the file")

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it lies, the first choice first, each once."""
        return tuple(dict.fromkeys((self.url, *self.mirrors)))

    @property
    def name(self) -> str:
        """The last segment of its address, as the name of a file; empty where that is none.

        >>> Artefact(url="https://h.example.com/a/f%20x.gguf?download=true").name
        'f x.gguf'
        """
        last = unquote(URL(self.url, encoded=True).raw_path.rpartition("/")[2])
        return last if is_name(last) else ""


class Artefacts(Protocol):
    """The catalogue, as a download asks it."""

    async def find(self, entry_id: str, quant: str | None = None) -> Artefact:
        """Return the weights of an entry, of one quantisation where there are several.

        Raises:
            GatewayError: there is no such entry, or it has none, or several to choose from.
        """
        ...


def is_name(name: str) -> bool:
    """Whether a text can be the name of a visible file in a folder.

    >>> [is_name(one) for one in ("f.gguf", ".hidden", "a/b", "..", "", "x" * 201)]
    [True, False, False, False, False, False]
    """
    return (
        0 < len(name.encode("utf-8", "surrogateescape")) <= 200  # noqa: PLR2004 - with what is put around it, below 255
        and not name.startswith(".")
        and "/" not in name
        and "\\" not in name
        and name.isprintable()
    )


def read_url(text: str) -> URL:
    """Return an address that a download may begin at.

    Raises:
        DownloadError: it is none.
    """
    try:
        url = URL(text, encoded=True)
        fits = url.scheme in {"http", "https"} and url.raw_host and url.port and not _ODD.search(text)
    except ValueError:
        fits = False
    if not fits:
        raise DownloadError("url_odd", url=text[:200])
    if url.raw_user is not None or url.raw_password is not None:
        raise DownloadError("url_credentials")
    return url.with_fragment(None)
