"""What may be downloaded over the API: an entry of the catalogue, or an address with its SHA-256."""

from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from gateway.registry.inputs import Address, Input, Name

Sha256: TypeAlias = Annotated[str, StringConstraints(pattern="^[a-f0-9]{64}$")]
FileName: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""`check_name` judges it, in its own words."""


class DownloadCreate(Input):
    """A file to fetch. Either `id` or `url`."""

    id: Name | None = None
    """Entry of the catalogue; size, SHA-256 and mirrors are in it."""
    quant: Name | None = None
    """With id: which of its files."""
    url: Address | None = None
    """Address of the file."""
    sha256: Sha256 | None = None
    """With url: what it must be; there is no download without."""
    size: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """With url: bytes; else the server there tells."""
    mirrors: Annotated[tuple[Address, ...], Field(max_length=8)] = ()
    """With url: where the same file lies."""
    name: FileName | None = None
    """Below the downloads folder, as coder/f.gguf; else the last part of the address.

    Keys that are bound to a team write below a folder of the team's name.
    """
    overwrite: bool = False
    """Replace another file of this name."""
