"""`modelport use`: the lines to copy for calling a model."""

from typing import Annotated

import typer

from gateway.cli.address import find_address, find_task
from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Output, show_data, write_lines
from gateway.cli.talk import say
from gateway.snippets import LANGUAGES, Snippet, snippets

_COMMENTS = {"javascript": "//"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "use", example="modelport use qwen3 --only python")(_use)


def _use(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model or alias.")],
    only: Annotated[
        str | None, typer.Option("--only", metavar="LANGUAGE", help="curl, python, javascript or environment.")
    ] = None,
) -> None:
    """Print curl, Python, JavaScript and environment lines with the model's effective address."""
    if only is not None and only not in LANGUAGES:
        raise UsageFailure(f"--only {only!r} is unknown", hint=f"choose {', '.join(LANGUAGES)}")
    # Inner import: what speaks HTTP takes 40 ms, and --help must not.
    from gateway.cli.wire import is_loopback

    address = find_address(session, name)
    needed = not is_loopback(address.resolved.url.host or "")
    texts = snippets(url=address.url, model=address.model, task=find_task(session, address), key_required=needed)
    chosen = [one for one in texts if only in {None, one.language}]
    if session.output is Output.URL:
        write_lines([address.url])
    elif session.output is Output.TABLE:
        write_lines([chosen[0].text] if only else [_titled(one) for one in chosen])
    else:
        show_data({"url": address.url} | {str(one.language): one.text for one in chosen}, session.output)
    say(f"The key is read from MODELPORT_KEY{'' if needed else '; on this machine any text will do'}.")


def _titled(snippet: Snippet) -> str:
    return f"{_COMMENTS.get(snippet.language, '#')} {snippet.title}\n{snippet.text}\n"
