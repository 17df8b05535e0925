"""`modelport serve`: start the server, say in a few lines where it is, and stop it when told."""

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.command import reported
from gateway.cli.exit_codes import ExitCode
from gateway.cli.flags import Flags
from gateway.cli.talk import say
from gateway.errors import ConfigError, GatewayError

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Configuration file [else modelport.yaml here, if there is one].",
        envvar="MODELPORT_CONFIG",
        metavar="FILE",
    ),
]


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command("serve")(serve)


def serve(  # noqa: PLR0913 - each is a flag
    ctx: typer.Context,
    *,
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="3000")] = None,
    mount: Annotated[str | None, typer.Option(help="Path prefix, like /ai/.", show_default="/")] = None,
    role: Annotated[str | None, typer.Option(help="server, or gateway: the data plane alone.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Database and generated secrets.", metavar="DIR")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve one built-in model, echo.")] = False,
    get: Annotated[
        str | None, typer.Option("--get", help="Print the answer to GET PATH and end; nothing listens.", metavar="PATH")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of a failure.")] = False,
) -> None:
    """Start modelport.

    Example: modelport serve --port 3000
    """
    # Inner import: the server's half of the program takes 0.4 s to load, and --help must not.
    from gateway.configuration.loading import discover, load

    flags = _nested(
        {
            "server.host": host,
            "server.port": port,
            "server.mount": mount,
            "role": role,
            "data_dir": data_dir,
            "demo": demo or None,
        }
    )
    try:
        config = discover(config)
        configuration = load(config, flags=flags)
        run = _runner()
        work = (
            _answered(configuration, get) if get else _serve(configuration, config, partial(load, config, flags=flags))
        )
        code = run(work)
    except GatewayError as error:
        if debug or (ctx.obj and ctx.obj.debug):
            traceback.print_exc()
        say(f"Error: {error.message}")
        if error.hint:
            say(f"Hint: {error.hint}")
        code = ExitCode.USAGE if isinstance(error, ConfigError) else ExitCode.UNREACHABLE
    except KeyboardInterrupt:
        code = 130
    except Exception:
        with reported(Flags(debug=debug or bool(ctx.obj and ctx.obj.debug))):
            raise
        code = ExitCode.UNEXPECTED
    raise typer.Exit(code)


def _answered(configuration: Any, path: str) -> Coroutine[Any, Any, int]:
    with _started_lightly():
        from gateway.cli.serve_get import answer  # as in serve()

    return answer(configuration, path)


@contextmanager
def _started_lightly() -> Iterator[None]:
    """Import without two kinds of work that nobody needs, 0.1 s each and a tenth of the start.

    The collector would look at what is made here, all of which stays; aiohttp would read the system's authorities.
    """
    # Inner import: aiohttp's half of the program is not loaded for --help.
    from gateway.upstream import authorities

    gc.disable()
    try:
        with authorities.unread():
            yield
        gc.freeze()
    finally:
        gc.enable()


def _nested(flags: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None:
            continue
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return tree


def _runner() -> Any:
    # Inner import: 17 ms that --help must not pay.
    import asyncio

    # Inner import: uvloop does not exist everywhere; where it does, a call costs a fifth less (measured).
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


async def _serve(configuration: Any, config: Path | None, reread: Callable[[], Any]) -> int:
    # Inner imports: see serve().
    import asyncio

    with _started_lightly():
        from gateway.app import Modelport
        from gateway.greeting import greeting
        from gateway.listener.systemd import inherited_socket, notify

    settings, sock = configuration.settings, inherited_socket(os.environ)
    if sock is not None:  # who may call without a key hangs on the address, so it is the socket's
        settings = settings.listening_at(*sock.getsockname()[:2])
    modelport = Modelport(
        settings, environment=os.environ, sock=sock, configuration=configuration, reread=reread if config else None
    )
    stopping = asyncio.Event()

    main = asyncio.current_task()

    def stop() -> None:
        if stopping.is_set():
            modelport.hurry()
            if main is not None and not started:
                main.cancel()
        stopping.set()

    started = False
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: modelport.reload("SIGHUP") if started else None)
    try:
        await modelport.start()
        started = True
        for line in greeting(settings, modelport.address, modelport.port, modelport.admin_key, config=config):
            typer.echo(line)
        sys.stdout.flush()
        notify(os.environ, f"READY=1\nSTATUS={modelport.address}")
        await stopping.wait()
        notify(os.environ, "STOPPING=1")
        if running := modelport.running_calls:
            typer.echo(f"stopping: {running} running calls may finish (once more ends them now)", err=True)
    except asyncio.CancelledError:  # told twice while it started
        say("ended before it had started")
        return 130
    finally:
        await modelport.stop()
    return 0
