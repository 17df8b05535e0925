"""Logins to OCI registries, for `modelport publish` and `modelport pull`."""

import asyncio
import getpass
import sys
from typing import Annotated

import typer

from gateway.cli.command import Session, command, group
from gateway.cli.failure import UsageFailure
from gateway.cli.local import ConfigFile
from gateway.cli.talk import say, suggest
from gateway.cli.transfer import PasswordStdin, PlainHttp, Reporter, access, end, exit_code

app = typer.Typer(no_args_is_help=True)

_FORGOTTEN = "Nothing was kept."


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "registry", about=__doc__, example="modelport registry login registry.example.com")


@command(app, "login", example="modelport registry login registry.example.com --username alice", changes=True)
def login(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    host: Annotated[str, typer.Argument(metavar="HOST", help="registry.host[:port]")],
    username: Annotated[str, typer.Option("--username", metavar="USER", help="Your name there.")],
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    config: ConfigFile = None,
) -> None:
    """Log in to a registry: the password is tried, and kept where docker keeps its own (~/.docker/config.json)."""
    # Inner imports: aiohttp and pydantic take 0.3 s, and --help must not.
    from gateway.publish.credentials import Credential, shown, store
    from gateway.publish.messages import PublishError
    from gateway.publish.reference import parse
    from gateway.publish.service import Access, check_login
    from gateway.vault.secret import Secret

    way = access(config, plain_http=plain_http, username=None, password_stdin=False, credential=None)
    password = Secret(_password(session, password_stdin=password_stdin))
    try:
        reference = parse(f"{host}/login")
        credential = Credential(username, password, "--password-stdin" if password_stdin else "the prompt")
        asyncio.run(check_login(reference, Access(policy=way.policy, plain_http=plain_http, credential=credential)))
        kept = None if session.dry_run else store(host, username, password)
    except PublishError as error:
        code = exit_code(error, in_check=False)
        raise end(Reporter(session), f"Error: {error.message}", _FORGOTTEN, code, code=error.code) from error
    say(f"{host} knows {username!r}; " + ("dry run: nothing was kept." if kept is None else f"kept in {shown(kept)}."))
    suggest(f"modelport publish DIR {host}/team/model:v1{' --plain-http' if plain_http else ''}")


def _password(session: Session, *, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.read().rstrip("\r\n")
    if session.no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFailure("There is no terminal to ask for the password on.", hint="add --password-stdin")
    return getpass.getpass("Password: ", stream=sys.stderr)
