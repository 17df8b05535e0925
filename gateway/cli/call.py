"""`modelport call`: one question to a model, its answer as it comes."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.address import Address, find_address, find_task, key_for
from gateway.cli.client import refusal_of_call
from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.output import JsonObject, Output, show_data, write_lines
from gateway.cli.talk import printable
from gateway.snippets import GREETING, curl_command, operation_path, operation_url, request_body

if TYPE_CHECKING:
    import http.client

_TASKS = ("chat", "completions", "embeddings")
_TIMEOUT_S = 660  # longer than the server's own limits, so that its explanation arrives
_ERROR = 400


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "call", example='modelport call qwen3 "Say hello"')(_call)


def _call(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model or alias.")],
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What to send; - reads stdin.")] = None,
    print_curl: Annotated[bool, typer.Option("--print-curl", help="Print a curl line instead; send nothing.")] = False,
) -> None:
    """Send a text to a model and write the answer to stdout as it comes; with -o json the whole answer."""
    address = find_address(session, name)
    task = find_task(session, address)
    if task not in _TASKS:
        raise UsageFailure(f"{name!r} is for {task}, which is no talk on a terminal", hint=f"modelport use {name}")
    text = _text(text, needed=not print_curl)
    if print_curl:
        write_lines([curl_command(url=address.url, model=address.model, task=task, text=text)])
        return
    stream = session.output is Output.TABLE
    _converse(session, address, task, request_body(model=address.model, task=task, text=text, stream=stream))


def _text(text: str | None, *, needed: bool) -> str:
    if text == "-" or (text is None and needed and not sys.stdin.isatty()):
        text = sys.stdin.read()
    if needed and not (text or "").strip():
        raise UsageFailure("what should be sent?", hint='modelport call NAME "Say hello", or a text on stdin')
    return text or GREETING


def _converse(session: Session, address: Address, task: str, body: JsonObject) -> None:
    # Inner import: what speaks HTTP takes 40 ms, and --help must not.
    from gateway.cli.wire import read, send

    url = operation_url(address.url, operation_path(task) or "")
    key = key_for(session, address)
    accept = {"Accept": "text/event-stream, application/json"}
    with send("POST", url, body=body, key=key, headers=accept, timeout_s=_TIMEOUT_S) as response:
        if response.status >= _ERROR:
            raise refusal_of_call(response, read(response, url), url, key=key, source=session.key_source)
        if response.headers.get_content_type() == "text/event-stream":
            _write_stream(response, url)
        else:
            _write_whole(session, read(response, url))


def _write_stream(response: "http.client.HTTPResponse", url: str) -> None:
    """Write the deltas; an answer without an end of its own is no success (STR-3)."""
    # Inner import: as above.
    from http.client import HTTPException

    complete = False
    try:
        for data in _events(response):
            if data.startswith("[DONE]"):
                complete = True
                break
            event = json.loads(data)
            if error := event.get("error"):
                raise Failure(str(error.get("message")), exit_code=ExitCode.UNREACHABLE, problem=error)
            choice = (event.get("choices") or [{}])[0]
            _write(choice)
            complete = complete or bool(choice.get("finish_reason"))
    except (OSError, HTTPException, ValueError):
        complete = False
    finally:
        sys.stdout.write("\n")
        sys.stdout.flush()
    if not complete:
        raise Failure(f"the answer of {url} broke off", exit_code=ExitCode.UNREACHABLE, hint="call it again")


def _events(response: "http.client.HTTPResponse") -> Iterator[str]:
    """Give the data of each server-sent event."""
    data: list[str] = []
    for raw in response:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line.startswith("data:"):
            data.append(line[len("data:") :].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def _write_whole(session: Session, answer: Any) -> None:
    if session.output.is_data or not isinstance(answer, dict):
        show_data(answer, session.output if session.output.is_data else Output.JSON)
        return
    if choices := answer.get("choices"):
        _write(choices[0])
        sys.stdout.write("\n")
    else:
        write_lines([json.dumps(row.get("embedding")) for row in answer.get("data", ())])


def _write(choice: JsonObject) -> None:
    said = choice.get("delta") or choice.get("message") or {}
    text = said.get("content") or choice.get("text") or ""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()
