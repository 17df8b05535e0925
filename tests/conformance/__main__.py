"""The command line: which of the behaviours a running gateway holds, as a table.

Beside the gateway stands the scripted upstream. Start it first:

    python -m tests.fakes.upstream --port 9100 --control 9101

and set up the gateway so that the model M goes to the provider base_url http://127.0.0.1:9100/v1 (OpenAI-compatible,
any key, no retries and no response cache unless they are what you want to judge). Then:

    python -m tests.conformance http://127.0.0.1:4000/v1 --key K --model M --upstream-control http://127.0.0.1:9101

BASE_URL is what an OpenAI SDK would get. With several --model, each of them set up the same way, so many tests run at
once. Rows that need a model with settings of its own, or a process that the test may stop, are shown as "-". The exit
code is 1 when a row failed.
"""

import argparse
import asyncio
import sys
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from tests.conformance.runner import Result, collect, run_all, settle
from tests.conformance.target import OneModel, Target
from tests.conformance.upstream import UpstreamControl


def main() -> int:
    """Run the tests against the gateway of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", metavar="BASE_URL")
    parser.add_argument("--key", required=True, help="a key that may call the model")
    parser.add_argument("--model", required=True, action="append", help="a model that goes to the scripted upstream")
    parser.add_argument("--upstream-control", default="http://127.0.0.1:9101", help="control port of the upstream")
    parser.add_argument("--upstream-port", type=int, default=9100, help="port of the upstream itself")
    parser.add_argument("--only", default="", help="rows whose id or name contains this, e.g. PRX-4")
    parser.add_argument("--host", default="", help="what the Host header says, when it is not BASE_URL's authority")
    arguments = parser.parse_args()
    results = asyncio.run(_judge(arguments))
    if not results:
        parser.exit(2, f"{arguments.model[0]!r} does not answer at {arguments.base_url}: is the upstream running?\n")
    show(results)
    return int(any(result.verdict == "FAIL" for result in results))


def show(results: list[Result]) -> None:
    """Print the table and a line of totals."""
    table = Table("id", "behaviour", "result", "why", box=None, pad_edge=False)
    for result in results:
        table.add_row(result.test.id, result.test.name, result.verdict, result.why)
    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)
    console.print(table)
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in ("pass", "FAIL", "-")}
    console.print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['-']} not applicable")


async def _judge(arguments: argparse.Namespace) -> list[Result]:
    control = urlsplit(arguments.upstream_control)
    upstream = UpstreamControl(control.hostname or "127.0.0.1", control.port or 9101)
    targets = [
        Target.of(arguments.base_url, arguments.key, OneModel(model), upstream, arguments.upstream_port, arguments.host)
        for model in arguments.model
    ]
    if not await settle(targets[0]):
        return []
    return await run_all(targets, collect(arguments.only))


if __name__ == "__main__":
    sys.exit(main())
