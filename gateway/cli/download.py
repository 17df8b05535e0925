"""`modelport download`: a model's file from a catalogue entry or an address, in parts, checked, and resumable."""

import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.command import Session, command
from gateway.cli.downloading import Shown
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import UsageFailure
from gateway.cli.local import ConfigFile
from gateway.cli.output import Output, show_data, write_lines
from gateway.cli.talk import say

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.downloads.artefact import Artefact
    from gateway.downloads.engine import Download, Downloaded
    from gateway.upstream.policy import EgressPolicy

_SCHEME: Final = "://"
_FILE_NAME: Final = "modelport.yaml"
_EGRESS: Final = "MODELPORT_EGRESS__"
"""The file and the variables that may say something of egress (`configuration.loading`)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    example = 'modelport download https://host.example.com/f.gguf --sha256 "$SUM" --to models'
    command(app, "download", example=example)(_download)


def _download(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    what: Annotated[str, typer.Argument(metavar="ID|URL", help="Entry of the server's catalogue, or an address.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the file goes.")] = Path(),
    name: Annotated[str | None, typer.Option("--name", help="Its name there [the address' last part].")] = None,
    quant: Annotated[str | None, typer.Option("--quant", help="Which file of an entry: Q4_K_M.")] = None,
    sha256: Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="What it must be.")] = None,
    size: Annotated[int | None, typer.Option("--size", metavar="BYTES", min=0, help="How long it must be.")] = None,
    mirror: Annotated[list[str] | None, typer.Option("--mirror", metavar="URL", help="Has the same file.")] = None,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Take it as it comes, without a SHA-256.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another file of this name.")] = False,
    credential: Annotated[
        str | None, typer.Option("--credential", metavar="REF", help="env:NAME or file:PATH of a token for URL's host.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Fetch a model's file: four parts at a time, checked against its SHA-256, hidden until it is whole.

    Ctrl-C pauses; the same command goes on. On a terminal it draws a bar, elsewhere it writes JSON lines.
    """
    # Inner imports: aiohttp and pydantic take 0.3 s, and --help must not.
    from gateway.errors import GatewayError

    if sha256 is not None:
        sha256 = sha256.lower().removeprefix("sha256:")
    policy = _policy(config)
    shown = Shown(session)
    try:
        artefact = _artefact(session, what, quant, sha256=sha256, size=size, mirrors=tuple(mirror or ()))
        target = _target(artefact, to, name)
        make = _maker(artefact, target, verify=not no_verify, overwrite=overwrite, token=_token(credential))
        with shown.drawn(target.name), _interruptible():
            done = _run(_fetch(make, policy, shown))
    except GatewayError as error:
        code = exit_code_of(error.status, error.code)
        say(f"Error: {error.message}")
        if error.hint:
            say(f"Hint: {error.hint}")
        shown.write(event="error", code=error.code, message=error.message, hint=error.hint, exit_code=int(code))
        raise typer.Exit(code) from error
    except KeyboardInterrupt:
        again = shlex.join(["modelport", *sys.argv[1:]])
        say(f"Paused at {shown.far()}. Go on with: {again}")
        shown.write(event="paused", resume=again, exit_code=int(ExitCode.INTERRUPTED))
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _tell(session, shown, done)


def _artefact(  # noqa: PLR0913 - keyword-only, what the flags say of the file
    session: Session, what: str, quant: str | None, *, sha256: str | None, size: int | None, mirrors: tuple[str, ...]
) -> "Artefact":
    """Return the file that is meant.

    Raises:
        GatewayError: there is no such entry, or what is known of the file does not fit together.
    """
    # Inner imports: see above.
    from gateway.downloads.artefact import Artefact

    if _SCHEME in what:
        if quant is not None:
            raise UsageFailure(
                "--quant chooses among the files of an entry", hint="leave it out: an address is one file"
            )
        return Artefact(url=what, size=size, sha256=sha256, mirrors=mirrors)
    if sha256 is not None or size is not None or mirrors:
        raise UsageFailure(
            "the catalogue knows an entry's files", hint="leave --sha256, --size and --mirror out, or name the address"
        )
    from gateway.cli.client import segment
    from gateway.downloads.choosing import choose

    entry = session.api.get(f"/catalogue/models/{segment(what)}").body
    return choose(what, entry.get("artifacts") or (), quant)


def _target(artefact: "Artefact", to: Path, name: str | None) -> Path:
    # Inner imports: see above.
    from gateway.downloads.artefact import is_name
    from gateway.downloads.errors import DownloadError

    chosen = name if name is not None else artefact.name
    if not chosen:
        raise DownloadError("name_unknown")
    if not is_name(chosen):
        raise UsageFailure(
            f"--name {chosen!r} is no name of a file", hint="write one without slashes; --to is the folder"
        )
    return to / chosen


def _token(reference: str | None) -> str | None:
    """Return the token that a reference leads to; raise ConfigError when it cannot be read."""
    if reference is None:
        return None
    # Inner imports: see above.
    from gateway.vault.references import ReferenceReader, parse_reference

    reader = ReferenceReader(environment=os.environ, directories=(Path.cwd(), Path("/")))
    return reader.read(parse_reference(reference)).reveal()


def _maker(
    artefact: "Artefact", target: Path, *, verify: bool, overwrite: bool, token: str | None
) -> "Callable[[Any, EgressPolicy, Shown], Download]":
    # Inner imports: see above.
    from gateway.downloads.engine import ALONE, Download
    from gateway.downloads.opening import HttpOpener

    def make(transport: Any, policy: "EgressPolicy", shown: Shown) -> "Download":
        opener = HttpOpener(
            transport, policy, follows=artefact.sha256 is not None, token=token, token_for=token and artefact.url
        )
        return Download(
            artefact, target, opener, verify=verify, overwrite=overwrite, rules=ALONE, notify=shown.progress
        )

    return make


def _policy(config: Path | None) -> "EgressPolicy":
    """Return where a server started here might connect to: without a file or variable about it, the default."""
    # Inner imports: the settings take 0.2 s, and most downloads have none.
    from gateway.upstream.policy import EgressPolicy

    if config is None and not Path(_FILE_NAME).is_file() and not any(map(_is_about_egress, os.environ)):
        return EgressPolicy()
    from gateway.cli.local import local_settings

    egress = local_settings(config, None).egress
    return EgressPolicy(egress.profile, egress.allow_networks, egress.allow_hosts)


def _is_about_egress(variable: str) -> bool:
    return variable.upper().startswith(_EGRESS)


async def _fetch(
    make: "Callable[[Any, EgressPolicy, Shown], Download]", policy: "EgressPolicy", shown: Shown
) -> "Downloaded":
    # Inner imports: see above.
    from gateway.upstream import authorities

    with authorities.unread():
        from gateway.upstream.egress import Egress
        from gateway.upstream.session_transport import SessionTransport

    gc.freeze()  # what is loaded by now stays: looking through it again, at the exit above all, takes 50 ms
    egress = Egress(policy, bulk=True)
    try:
        return await make(SessionTransport(egress.session), policy, shown).run()
    finally:
        await egress.close()


def _run(work: "Coroutine[Any, Any, Downloaded]") -> "Downloaded":
    # Inner import: uvloop does not exist everywhere; where it does, a download costs a fifth less.
    try:
        import uvloop
    except ImportError:
        import asyncio

        return asyncio.run(work)
    return uvloop.run(work)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have a plain `kill` pause as Ctrl-C does: what is here is noted either way."""
    # Inner import: two lines need it.
    import signal

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(session: Session, shown: Shown, done: "Downloaded") -> None:
    data = {
        "path": str(done.path),
        "size": done.size,
        "sha256": done.sha256,
        "verified": done.verified,
        "state": done.state,
        "fetched": done.fetched,
    }
    shown.write(event="done", **data)
    if session.output is Output.YAML:
        show_data(data, session.output)
    elif not shown.is_json:
        write_lines([done.path])
    if done.state == "exists":
        say(f"{done.path} is there already, and is the file that is wanted")
    if not done.verified:
        say(f"Nobody said what the file must be, so nothing was verified: it is sha256 {done.sha256}")
