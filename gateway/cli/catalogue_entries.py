"""Entries of a hub of one's own: added, imported, withdrawn. `modelport catalogue publish` sends them."""

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.hub_folder import HubFolder, KeysFolder, open_hub
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from gateway.catalogue.hub.importers.row import Imported
    from gateway.catalogue.hub.working_list import WorkingList

_MAX_BYTES = 64 * 1024 * 1024  # a dozen times the largest list that is known
_FILE_EXAMPLE = "modelport catalogue add-file acme/coder-7b f.gguf --url https://files.example/0123…cdef/f.gguf"
_CHANGES: Columns = {"id": "id", "outcome": "outcome"}
_FILE: Columns = {"id": "id", "outcome": "outcome", "size": "size", "sha256": "sha256", "chunks": "chunks_target"}
_ROWS: Columns = {"source": "source", "becomes": "id", "outcome": "outcome", "note": "note"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "add", example="modelport catalogue add entries.jsonl --hub hub", changes=True)(_add)
    command(app, "import", example="modelport catalogue import api.json --provider mistral --hub hub", changes=True)(
        _import
    )
    command(app, "add-file", example=_FILE_EXAMPLE, changes=True)(_add_file)
    command(
        app,
        "remove",
        example="modelport catalogue remove acme/coder-7b --successor acme/coder-8b --hub hub",
        changes=True,
    )(_remove)


def _add(
    session: Session,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Entries as JSON or JSON lines; - for stdin.")],
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Add entries to a hub's working list, or give them their new form. Of each file all are taken, or none.

    An entry needs schema, id, rev and kind; what is left out is unknown. docs/how-to/host-a-hub.md shows one.
    """
    entries = open_hub(hub, keys, None).entries
    rows: list[JsonObject] = []
    for file in files:
        values = _values(file, _text(file))
        changes = entries.put(
            [value for _, value in values],
            file=file,
            lines=[line for line, _ in values],
            dry_run=session.dry_run,
        )
        rows += [{"id": id_, "outcome": outcome} for id_, outcome in changes.items()]
    session.rows(rows, _CHANGES)
    _tell(session, hub, rows)


def _add_file(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The entry that it belongs to.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file here; it is read once and stays.")],
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where clients get it; names a commit or the content's hash.")
    ],
    quant: Annotated[str | None, typer.Option("--quant", metavar="NAME", help="Its quantisation, as Q4_K_M.")] = None,
    role: Annotated[str, typer.Option("--role", metavar="NAME", help="What it is.")] = "weights",
    mirror: Annotated[
        list[str] | None, typer.Option("--mirror", metavar="URL", help="The same bytes elsewhere; may be repeated.")
    ] = None,
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Add a file of a model to its entry: size, SHA-256, and a list of the hashes of its chunks.

    A download checks each 8 MiB by that list, so that a bad byte costs no more than these.
    """
    # Inner import: it needs the hub, and --help must not.
    from gateway.catalogue.hub.artifact import describe, with_artifact

    entries = open_hub(hub, keys, None).entries
    entry = entries.get(id_)
    made = describe(path, id_, url=url, role=role, quant=quant, mirrors=tuple(mirror or ()))
    changes = entries.put(
        [with_artifact(entry, made.artifact)], dry_run=True
    )  # what cannot be published leaves no file
    if not session.dry_run:
        if made.chunks is not None:
            entries.put_file(made.artifact["chunks_target"], made.chunks)
        entries.put([with_artifact(entry, made.artifact)])
    session.item({"id": id_, "outcome": changes[id_]} | made.artifact, _FILE)
    _tell(session, hub, [{"outcome": changes[id_]}])


def _import(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The list; - for stdin.")],
    provider: Annotated[
        list[str] | None, typer.Option("--provider", metavar="NAME", help="Only this one; may be repeated [all].")
    ] = None,
    version: Annotated[
        str | None,
        typer.Option("--list-version", metavar="TEXT", help="The list's version or commit, noted in entries."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="When its prices were read, as 2026-11-21.")
    ] = None,
    remove_missing: Annotated[
        bool,
        typer.Option("--remove-missing", help="Withdraw what an earlier import brought and the list has no longer."),
    ] = False,
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Take the models of models.dev's api.json or LiteLLM's price list, and show what became of each row.

    Facts only: what the list does not say stays unknown. Entries name the list and its licence.
    """
    entries = open_hub(hub, keys, None).entries
    imported = _read(file, provider or [], version, as_of)
    changes = entries.put(imported.entries, file=file, dry_run=session.dry_run)
    rows: list[JsonObject] = [
        {"source": row.source, "id": row.id, "outcome": changes[row.id] if row.id else "nothing", "note": row.note}
        for row in imported.rows
    ]
    if remove_missing:
        rows += _remove_missing(session, entries, imported, provider or [])
    session.rows(rows, _ROWS)
    say(f"{imported.kind}, {len(imported.rows)} rows")
    _tell(session, hub, rows)


def _remove(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The entry.")],
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; clients are told.")] = None,
    successor: Annotated[str | None, typer.Option("--successor", metavar="ID", help="What to use instead.")] = None,
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Withdraw an entry from a hub. What clients made of it stays theirs, marked as orphaned."""
    entries = open_hub(hub, keys, None).entries
    if session.dry_run:
        say(f"Dry run: {id_} would be withdrawn; nothing was changed.")
        return
    entries.remove(id_, reason, successor)
    session.rows([{"id": id_, "outcome": "removed"}], _CHANGES)
    suggest(f"modelport catalogue publish --hub {hub}")


def _read(file: str, providers: list[str], version: str | None, as_of: str | None) -> "Imported":
    # Inner imports: the importer takes 50 ms, and --help must not.
    from gateway.catalogue.hub.errors import HubFault
    from gateway.catalogue.hub.importers.facts import date
    from gateway.catalogue.hub.importers.reading import read_list
    from gateway.catalogue.hub.importers.row import Terms
    from gateway.cli.catalogue_lists import addresses

    if as_of is not None and date(as_of) is None:
        raise UsageFailure(f"--as-of {as_of!r} is no day", hint="write 2026-11-21")
    terms = Terms(
        today=f"{datetime.now(UTC):%Y-%m-%d}",
        addresses=addresses(),
        providers=frozenset(providers),
        version=version,
        as_of=as_of,
    )
    try:
        imported = read_list(_text(file), terms)
    except HubFault as error:
        raise UsageFailure(f"{file}: {error.message}", hint=error.hint) from error
    if missing := set(providers) - {entry["publisher"] for entry in imported.entries}:
        raise UsageFailure(
            f"{file} has no models of {', '.join(sorted(missing))}",
            hint="--provider takes the list's own names; without it every row is shown with its provider",
        )
    return imported


def _remove_missing(
    session: Session, entries: "WorkingList", imported: "Imported", providers: list[str]
) -> list[JsonObject]:
    """Withdraw what came from the same list and is not in it now; of other providers nothing, if some were named."""
    names = {entry["source"]["name"] for entry in imported.entries}
    there = {entry["id"] for entry in imported.entries}
    rows: list[JsonObject] = []
    for id_, entry in entries.read().items():
        source = entry.get("source")
        is_theirs = isinstance(source, dict) and source.get("name") in names
        if not is_theirs or id_ in there or (providers and entry.get("publisher") not in providers):
            continue
        reason = f"no longer in {imported.kind}"
        if not session.dry_run:
            entries.remove(id_, reason)
        rows.append({"source": None, "id": id_, "outcome": "removed", "note": reason})
    return rows


def _tell(session: Session, hub: Path, rows: list[JsonObject]) -> None:
    counts = Counter(row["outcome"] for row in rows)
    said = ", ".join(
        f"{counts[one]} {one}" for one in ("added", "changed", "same", "removed", "nothing") if counts[one]
    )
    say(said or "nothing")
    if session.dry_run:
        say("Dry run: nothing was changed.")
    elif counts["added"] + counts["changed"] + counts["removed"]:
        suggest(f"modelport catalogue publish --hub {hub}")


def _text(file: str) -> str:
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(_MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        code = ExitCode.NOT_FOUND if isinstance(error, FileNotFoundError) else ExitCode.USAGE
        raise Failure(f"{file}: {error.strerror}", exit_code=code, hint="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageFailure(f"{file} is no text in UTF-8") from error
    if len(raw) > _MAX_BYTES:
        raise UsageFailure(f"{file} is larger than {_MAX_BYTES // 1024**2} MiB: is it a list of models?")
    return text


def _values(file: str, text: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the entries of a file with their lines: one object, a list of them, or one on each line."""
    # Inner import: 10 ms that --help does not need.
    from gateway.catalogue.canonical import NotCanonical, decode

    try:
        if text.lstrip().startswith("["):
            wrapped = decode(f'{{"entries":{text}}}', limit=_MAX_BYTES + 20)["entries"]
            if not all(isinstance(one, dict) for one in wrapped):
                raise UsageFailure(f"{file} holds something else than entries", hint="a list of objects is expected")
            return [(number, one) for number, one in enumerate(wrapped, 1)]
        if text.lstrip().startswith("{\n") or text.count("\n{") == 0:
            return [(1, decode(text, limit=_MAX_BYTES))]
    except NotCanonical as error:
        raise UsageFailure(f"{file}: {error}", hint="an entry is a JSON object without floats") from error
    values = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            values += [(number, decode(line))] if line.strip() else []
        except NotCanonical as error:
            raise UsageFailure(f"{file}:{number}: {error}", hint="an entry is a JSON object without floats") from error
    return values
