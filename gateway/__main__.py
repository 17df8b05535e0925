"""`modelport` and `python -m gateway`: the command line."""

from gateway.cli.app import app


def main() -> None:
    """Run the command that the process was started with; ends it with the command's exit code."""
    app(prog_name="modelport")


if __name__ == "__main__":
    main()
