"""The flags of `modelport models delete`, with the words of its help."""

from typing import Annotated, Literal, TypeAlias

import typer

Names: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL|UID]", help="Exact names or uids.", show_default=False)
]
References: TypeAlias = Annotated[
    Literal["restrict", "cascade", "repoint"] | None,
    typer.Option(
        "--references",
        help="What points at it: keeps it; goes along; is moved to the successor [restrict].",
        show_default=False,
    ),
]
Successor: TypeAlias = Annotated[
    str | None, typer.Option("--successor", metavar="MODEL", help="The model that callers are told to use.")
]
Repoint: TypeAlias = Annotated[
    str | None, typer.Option("--repoint", metavar="MODEL", help="The same as --references repoint --successor MODEL.")
]
Grace: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--grace", "--drain", metavar="TIME", help="How long calls under way may go on: 30s, 5m; 0 ends them at once."
    ),
]
Together: TypeAlias = Annotated[
    bool, typer.Option("--together", help="Several names: all of them or none, at once; up to 1000.")
]
IfMatch: TypeAlias = Annotated[
    str | None,
    typer.Option("--if-match", metavar="ETAG|REV", help="Only if it is still at this revision [the present one]."),
]
Confirm: TypeAlias = Annotated[
    str | None,
    typer.Option("--confirm", metavar="NAME", help="What would have to be typed: the name, of several their number."),
]
Reason: TypeAlias = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")]
Suppress: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--suppress/--no-suppress",
        help="Keep the catalogue's entry that it came from out of the team's list [it is].",
        show_default=False,
    ),
]
AllowMissing: TypeAlias = Annotated[
    bool, typer.Option("--allow-missing", help="What is not there, or is deleted, counts as done.")
]
Purge: TypeAlias = Annotated[
    bool, typer.Option("--purge", help="For good: a deleted model goes before its time, never to be restored.")
]
