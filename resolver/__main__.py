"""`python -m resolver URL SERVER`: print the address to call, and nothing else.

Settled here: what a shell sees. stdout carries the address, stderr the refusal; exit 0 or 2.
"""

import sys

from resolver.address import resolve
from resolver.errors import ResolveError

__all__ = ["main"]

_USAGE = """\
usage:   python -m resolver URL SERVER
example: python -m resolver /access/models/team1/ http://localhost:3000
"""


def main(arguments: list[str]) -> int:
    """Print the resolved address of `URL SERVER` and return the exit code."""
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(_USAGE)
        return 0
    try:
        base_url, server = arguments
    except ValueError:
        sys.stderr.write(_USAGE)
        return 2
    try:
        sys.stdout.write(f"{resolve(base_url, server=server)}\n")
    except ResolveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
