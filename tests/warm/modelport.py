"""The command `modelport` of a script, run by a warm server: `python -IS modelport.py SOCKET PROGRAM ARGUMENTS`.

What is asked for by other variables of Python than the server has is done by PROGRAM itself.
"""

import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 - pathlib takes longer

from tests.warm.asking import BARE, ask, steering


def main() -> None:
    """Run it to its end, and end as it did; signals are handed on."""
    server, program, *arguments = sys.argv[1:]
    if steering(os.environ) != BARE:
        os.execv(program, [program, *arguments])  # noqa: S606 - the point
    connection = ask(server, arguments, folder=os.getcwd(), environment=os.environ, files=(0, 1, 2))  # noqa: PTH109 - as above
    with connection, connection.makefile("rb") as said:
        pid = int(said.readline())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        status = int(said.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
