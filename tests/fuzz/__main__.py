"""`python -m tests.fuzz [TARGET…]`: run the fuzz targets, all of them by default."""

import importlib
import importlib.util
import sys
import time

TARGETS = ("resolver", "body")


def main(chosen: list[str]) -> int:
    """Run each target and say how many inputs it took; a finding ends the run with its traceback."""
    for name in chosen or TARGETS:
        module = f"{__package__}.{name}"
        if importlib.util.find_spec(module) is None:
            sys.stderr.write(f"{name}: no such target\n")
            return 2
        started = time.monotonic()
        inputs = importlib.import_module(module).run()
        sys.stdout.write(f"{name}: {inputs:,} inputs in {time.monotonic() - started:.0f} s, nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
