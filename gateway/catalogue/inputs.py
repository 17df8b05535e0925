"""What callers send to the catalogue's routes: shapes and ranges."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from gateway.api.page import PageQuery
from gateway.described import Described
from gateway.registry.inputs import EntryId, Input, Name, Text

Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Words: TypeAlias = Annotated[tuple[Word, ...], Field(max_length=8)]
Serial: TypeAlias = Annotated[int, Field(ge=0, le=2**53 - 1)]
Amount: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")]


class EntryQuery(PageQuery):
    """Which entries are listed: those for which all of this holds."""

    q: Annotated[str, StringConstraints(max_length=200)] = ""
    """Words, or beginnings of words, of the id, name, publisher, family, tags and aliases."""
    publisher: Word | None = None
    family: Word | None = None
    license: Word | None = None
    kind: Literal["model", "offering"] | None = None
    status: Annotated[tuple[Literal["active", "preview", "deprecated", "retired"], ...], Field(max_length=4)] = ()
    """One of these."""
    open_weights: bool | None = None
    capability: Words = ()
    """All of these, such as tools, json_schema, reasoning."""
    modality: Words = ()
    """What goes in: all of these, such as text, image, audio."""
    output: Words = ()
    """What comes out: all of these."""
    api: Words = ()
    """All of these, such as openai.chat."""
    region: Words = ()
    """Usable in all of these."""
    residency: Words = ()
    """What is sent stays in all of these."""
    min_context: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    """Tokens."""
    max_price_in: Amount | None = None
    """USD for a million tokens; what has no price, or one in another unit, is left out."""
    max_price_out: Amount | None = None
    team: Name | None = None
    """Whose list it is: what this team has suppressed is left out. Left out: the key's own team, or `default`."""


class TeamsQuery(Described):
    """Whose list is meant."""

    team: Name | None = None
    """As in the list."""


class ChangesQuery(Described):
    """Since when."""

    since: Serial
    """The serial of the list that you have."""


class Accept(Input):
    """A list that takes very much away, and is taken nevertheless."""

    serial: Serial
    """The one that is held: what the hub has by now may be another one."""


class PinCreate(Input):
    """An entry that stays as it is here, whatever the hub says."""

    entry_id: EntryId


class SuppressionCreate(Input):
    """An entry that nobody wants to see."""

    entry_id: EntryId
    team: Name | None = None
    """Whose list: left out the key's own team, and of a key without one everybody's."""
    reason: Text = ""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """After so many days it is on offer again; left out: never."""


class ProposalQuery(PageQuery):
    """Which proposals."""

    state: Literal["open", "applied", "dismissed", "withdrawn"] | None = None
    """Left out: those that nobody has decided about."""
    team: Name | None = None
