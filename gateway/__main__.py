"""`modelport` and `python -m gateway`: the command line."""

import io
import sys

from gateway.cli.app import app


def main() -> None:
    """Run the command that the process was started with; ends it with the command's exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: a narrow character set is no reason to fail
    app(prog_name="modelport")


if __name__ == "__main__":
    main()
