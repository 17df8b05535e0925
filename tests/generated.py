"""Files that are made from the code: `python -m tests.generated --write`, and `--check` for the lint.

config/schema.json and config/modelport.example.yaml come from the settings and from what may be declared in a file,
docs/openapi.json from the handlers, docs/reference from all of these (tests/docs/reference.py).
"""

import asyncio
import functools
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from gateway.cli.template import config_example, config_schema
from tests.app.caller import calling
from tests.app.installation import installed
from tests.docs.reference import PAGES, api

ROOT = Path(__file__).parent.parent


def schema() -> str:
    """Return the JSON schema of the configuration file."""
    return json.dumps(config_schema(), indent=2) + "\n"


@functools.cache
def openapi() -> str:
    """Return the API's description as a new server gives it."""
    return asyncio.run(_described())


async def _described() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with calling() as caller, installed(caller, Path(folder), {}, {}) as product:
            described = await product.anonymous.show("api/openapi.json")
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


FILES: dict[Path, Callable[[], str]] = {
    ROOT / "config" / "schema.json": schema,
    ROOT / "config" / "modelport.example.yaml": lambda: config_example("schema.json"),
    ROOT / "docs" / "openapi.json": openapi,
    ROOT / "docs" / "reference" / "api.md": lambda: api(openapi()),
    **PAGES,
}


def main() -> int:
    """Write the files, or say which ones are out of date."""
    made = {path: make() for path, make in FILES.items()}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    if "--write" in sys.argv:
        for path in stale:
            path.write_text(made[path])
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date: run `make fmt`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
