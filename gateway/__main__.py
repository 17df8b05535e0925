"""`modelport` and `python -m gateway`: the command line."""

import gc
import io
import os
import sys

from gateway.cli.exit_codes import ExitCode

_GC_THRESHOLDS = (100_000, 50, 100)
"""While modules load nothing is garbage yet: the default's 700 looks 270 times, a tenth of the start (measured)."""


def main() -> None:
    """Run the command that the process was started with; ends it with the command's exit code."""
    gc.set_threshold(*_GC_THRESHOLDS)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # or pydantic asks every installed package for one
    try:
        # Inner import: after the line above, and Ctrl-C may come before anything has loaded.
        from gateway.cli.app import tree
        from gateway.cli.help import show_help

        app = tree(sys.argv[1:])
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: a narrow character set is no reason to fail
    if "--help" in sys.argv and show_help(app, sys.argv[1:]):
        return
    app(prog_name="modelport")


if __name__ == "__main__":
    main()
