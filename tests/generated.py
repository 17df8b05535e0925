"""Files that are made from the code: `python -m tests.generated --write`, and `--check` for the lint.

config/schema.json and config/modelport.example.yaml come from the settings and from what may be declared in a file,
docs/openapi.json from the handlers, docs/reference from all of these (tests/docs/reference.py).
"""

import asyncio
import functools
import json
import re
import sys
import tempfile
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from sqlalchemy import create_mock_engine
from sqlalchemy.engine.mock import MockConnection

from gateway.cli.template import config_example, config_schema
from gateway.storage.migrate import NEW_SQLITE
from gateway.storage.schema import alembic_version, metadata
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


def new_sqlite() -> str:
    """Return what makes a new SQLite database: the schema's own statements, one after the other."""
    statements: list[str] = []
    engine: MockConnection = create_mock_engine(
        "sqlite://", lambda sql, *_, **__: statements.append(str(sql.compile(engine)).strip())
    )
    metadata.create_all(engine, checkfirst=False)
    alembic_version.create(engine, checkfirst=False)
    runs = groupby(statements, lambda one: " INDEX " in one.partition(" ON ")[0])  # a table's indexes are a set
    ordered = [one for indexes, run in runs for one in (sorted(run) if indexes else run)]
    return ";\n\n".join(re.sub(r"[ \t]+$", "", one, flags=re.MULTILINE) for one in ordered) + "\n"


FILES: dict[Path, Callable[[], str]] = {
    NEW_SQLITE: new_sqlite,  # first: a server, which some of the others ask, is started with it
    ROOT / "config" / "schema.json": schema,
    ROOT / "config" / "modelport.example.yaml": lambda: config_example("schema.json"),
    ROOT / "docs" / "openapi.json": openapi,
    ROOT / "docs" / "reference" / "api.md": lambda: api(openapi()),
    **PAGES,
}


def main() -> int:
    """Write the files, or say which ones are out of date."""
    stale = []
    for path, make in FILES.items():
        text = make()
        if path.exists() and path.read_text() == text:
            continue
        if "--write" in sys.argv:
            path.write_text(text)
        else:
            stale.append(path)
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date: run `make fmt`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
