"""One run of a command: the server it speaks to, the form of its answers, and what it may do without asking."""

from functools import cached_property
from typing import TYPE_CHECKING

from gateway.cli.flags import Flags
from gateway.cli.output import Columns, JsonObject, Output, show_object, show_rows
from gateway.cli.talk import confirm, confirm_name
from gateway.cli.target import Target, find_key, find_target

if TYPE_CHECKING:
    from gateway.cli.client import Api


class Session:
    """What a command is given besides its own arguments. Nothing is read before it is asked for."""

    def __init__(self, flags: Flags) -> None:
        self.output = flags.output or Output.TABLE
        self.yes = flags.yes
        self.dry_run = flags.dry_run
        self.no_input = flags.no_input
        self.asked_server = False
        """Whether the command has spoken to the server: then a failure says which one that is."""
        self._flags = flags
        self._server: str | None = None
        self._team = flags.team

    @cached_property
    def target(self) -> Target:
        """The server as somebody named it, and where."""
        return find_target(self._flags)

    @property
    def server(self) -> str:
        """The server's URL as it was written."""
        return self._server or self.target.server

    @server.setter
    def server(self, url: str) -> None:
        self._server = url

    @property
    def names_server(self) -> bool:
        """Whether somebody chose a server: by a flag, a variable or a context."""
        return self.target.is_named

    @property
    def team(self) -> str | None:
        """The team that names belong to: --team, else the context's."""
        if self._team is None and self.target.context is not None:
            return self.target.context.team
        return self._team

    @team.setter
    def team(self, team: str | None) -> None:
        self._team = team

    @property
    def flags(self) -> Flags:
        """The flags as they were said."""
        return self._flags

    @cached_property
    def api(self) -> "Api":
        """The server's management API, with the caller's key."""
        # Inner import: what speaks HTTP takes 40 ms, and --help must not.
        from gateway.cli.client import Api

        api = Api(self.server, self.key, key_source=self.key_source, dry_run=self.dry_run)
        self.asked_server = True
        return api

    @property
    def key(self) -> str | None:
        """The caller's key: from --key-file, MODELPORT_KEY, or the context."""
        return self._found_key[0]

    @property
    def key_source(self) -> str:
        """Where the key was found."""
        return self._found_key[1]

    @cached_property
    def _found_key(self) -> tuple[str | None, str]:
        return find_key(self._flags, self.target)

    def confirm(self, question: str) -> None:
        """Return when the answer is yes; see `talk.confirm`."""
        confirm(question, yes=self.yes, no_input=self.no_input)

    def confirm_name(self, what: str, name: str) -> None:
        """Return when the name of what goes was typed; see `talk.confirm_name`."""
        confirm_name(what, name, yes=self.yes, no_input=self.no_input)

    def rows(self, rows: list[JsonObject], columns: Columns) -> None:
        """Write a list to stdout."""
        show_rows(rows, columns, self.output)

    def item(self, item: JsonObject, fields: Columns) -> None:
        """Write one object to stdout."""
        show_object(item, fields, self.output)
