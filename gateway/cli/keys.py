"""Keys: what callers show to be let in. A key's text is shown once, when it is made."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import given
from gateway.cli.client import Answer, segment
from gateway.cli.command import Session, command, group
from gateway.cli.failure import UsageFailure
from gateway.cli.local import ConfigFile, DataDir
from gateway.cli.lookup import Noun, find
from gateway.cli.output import Columns, JsonObject, Output, write_lines
from gateway.cli.talk import say, suggest

NOUN = Noun("key", "keys", prefix="key_", by_name=False)

app = typer.Typer(no_args_is_help=True)

Key: TypeAlias = Annotated[
    str, typer.Argument(metavar="KEY", help="The key's name, its id, or the beginning of its text.")
]
Role: TypeAlias = Annotated[
    str | None,
    typer.Option("--role", metavar="ROLE", help="viewer, developer, publisher, operator, admin or auditor."),
]
Models: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--models", metavar="PATTERN", help="Models that it may call, with * and ?; may be repeated."),
]
Networks: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="NETWORK", help="Networks that it may be used from; may be repeated."),
]
Region: TypeAlias = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="Where its user is, such as eu, for recommendations; '' for none."),
]
Days: TypeAlias = Annotated[
    int | None, typer.Option("--expires-in-days", metavar="DAYS", help="Days until it ends [90]; 0 for never.")
]

_LOCAL_NAME = "made on the server's machine"
_EVERY_TEAM = "all"  # no team may have this name
_TEXT_START = "mp_"
_KEY_ID = slice(len("mp_live_"), len("mp_live_") + 10)  # KEY-1: the only part of a key's text that is no secret

_COLUMNS: Columns = {
    "name": "name",
    "key": lambda row: f"{row['prefix']}…",
    "role": "role",
    "team": lambda row: row.get("team") or "every",
    "models": lambda row: row.get("models") or ("none left" if row.get("limited") else "every"),
    "status": "status",
    "expires": lambda row: _day(row.get("expires_at")) or "never",
    "last used": lambda row: _day(row.get("last_used_at")) or "never",
}
_FIELDS: Columns = {
    **_COLUMNS,
    "from": lambda row: row.get("cidrs") or "everywhere",
    "region": "region",
    "id": "id",
    "made": lambda row: _day(row.get("created_at")),
    "old secret until": "previous_valid_until",
}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "keys", about=__doc__, example="modelport keys list")


@command(app, "create", example="export MODELPORT_KEY=$(modelport keys create me --role publisher)", changes=True)
def create_key(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Who or what uses it.")] = None,
    role: Role = None,
    models: Models = None,
    networks: Networks = None,
    region: Region = None,
    expires_in_days: Days = None,
    local: Annotated[
        bool, typer.Option("--local", help="In this machine's own database, without a key; role admin unless named.")
    ] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key. Its text goes to stdout this once. Its team is --team, 'all' for every one."""
    if name is None and not local:
        raise UsageFailure("a key needs a name: who or what uses it", hint="modelport keys create NAME")
    body = {
        "name": name or _LOCAL_NAME,
        **given(team=session.team, role=role or ("admin" if local else None), models=models, cidrs=networks),
        **({"team": None} if session.team == _EVERY_TEAM else {}),
        **_place(region),
        **_life(expires_in_days),
    }
    if local and session.dry_run:
        say(f"Dry run: nothing was made. In this machine's own database: key {body['name']!r}, role {body['role']}")
        return
    made = _create_locally(body, config, data_dir) if local else session.api.post(NOUN.path, body).body
    _show_text(session, made)


@command(app, "list", example="modelport keys list --unused-days 30")
def list_keys(
    session: Session,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="active, expired or revoked.")
    ] = None,
    role: Role = None,
    unused_days: Annotated[
        int | None, typer.Option("--unused-days", metavar="DAYS", help="Only keys that nobody used for so long.")
    ] = None,
) -> None:
    """List the keys that this key may see."""
    rows = session.api.items(NOUN.path, team=session.team, status=status, role=role, unused_days=unused_days)
    session.rows(list(rows), _COLUMNS)


@command(app, "show", example="modelport keys show ci")
def show_key(session: Session, key: Key) -> None:
    """Show one key; its text is never shown again."""
    session.item(_read(session, key).body, _FIELDS)


@command(app, "edit", example="modelport keys edit ci --models 'qwen*'", changes=True)
def edit_key(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    key: Key,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="New name.")] = None,
    role: Role = None,
    models: Models = None,
    networks: Networks = None,
    region: Region = None,
    expires_in_days: Days = None,
) -> None:
    """Change a key; what is not named stays as it is. '' for --models or --from stands for every one."""
    changes = {
        **given(name=rename, role=role),
        **{name: [one for one in values if one] for name, values in given(models=models, cidrs=networks).items()},
        **_place(region),
        **_life(expires_in_days),
    }
    if not changes:
        raise UsageFailure("nothing to change", hint="modelport keys edit --help lists what can be")
    before = _read(session, key)
    session.item(session.api.patch(NOUN.path_of(before.body), changes, etag=before.etag).body, _FIELDS)
    suggest("modelport keys list")


@command(app, "rotate", example="modelport keys rotate ci --previous-hours 1", changes=True)
def rotate_key(
    session: Session,
    key: Key,
    previous_hours: Annotated[
        int, typer.Option("--previous-hours", metavar="HOURS", help="How long the old text goes on; 0 when it leaked.")
    ] = 24,
) -> None:
    """Give a key a new text, which goes to stdout this once; the old one goes on for a day unless told."""
    before = _read(session, key)
    path = f"{NOUN.path_of(before.body)}/rotate"
    _show_text(session, session.api.post(path, etag=before.etag, previous_valid_hours=previous_hours).body)


@command(app, "revoke", example="modelport keys revoke ci", changes=True)
def revoke_key(session: Session, key: Key) -> None:
    """End a key at once. It stays in the list."""
    before = _read(session, key)
    row = before.body
    last_used = _day(row.get("last_used_at"))
    used = f"last used on {last_used}" if last_used else "never used"
    say(f"This ends: key {row['name']!r} ({row['prefix']}…, role {row['role']}, {used})")
    say("  whoever sends it gets 401 from then on; it cannot be taken back")
    if not session.dry_run:
        session.confirm_name(f"Revoke key {row['name']!r}", str(row["name"]))
    session.api.post(f"{NOUN.path_of(row)}/revoke", etag=before.etag)
    say(f"key {row['name']!r} revoked")
    suggest("modelport keys list")


def _read(session: Session, named: str) -> Answer:
    """Return the key that a name, an id or its text stands for; the text itself goes nowhere."""
    if named.startswith(_TEXT_START):
        return session.api.get(f"{NOUN.path}/{segment(named[_KEY_ID])}")
    return session.api.get(NOUN.path_of(find(session, NOUN, named)))


def _place(region: str | None) -> JsonObject:
    return {} if region is None else {"region": region or None}


def _life(days: int | None) -> JsonObject:
    return {} if days is None else {"expires_in_days": days or None}


def _show_text(session: Session, made: JsonObject) -> None:
    if session.output in {Output.TABLE, Output.URL}:
        write_lines([made["key"]])
    else:
        session.item(made, _FIELDS)
    end = _day(made.get("expires_at"))
    team = made.get("team")
    say(
        f"Key {made['name']!r}: role {made['role']}, {f'team {team}' if team else 'every team'}, "
        f"{f'until {end}' if end else 'without end'}. It is shown this once."
    )
    suggest("MODELPORT_KEY=… modelport models list")


def _create_locally(body: JsonObject, config: Path | None, data_dir: Path | None) -> JsonObject:
    # Inner import: the server's half of the program takes 0.4 s to load.
    from gateway.cli.local_keys import create

    return create(body, config=config, data_dir=data_dir)


def _day(moment: str | None) -> str | None:
    return moment[:10] if moment else None
