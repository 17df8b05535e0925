"""Files that are made from the code: `python -m tests.generated --write`, and `--check` for the lint.

config/schema.json and config/modelport.example.yaml come from the settings, docs/openapi.json from the handlers.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gateway.settings import Settings
from tests.app.caller import calling
from tests.app.installation import installed

ROOT = Path(__file__).parent.parent


def config_schema() -> str:
    """Return the JSON schema of the configuration file."""
    schema = Settings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "modelport configuration"
    return json.dumps(schema, indent=2, default=str) + "\n"


def example_config() -> str:
    """Return the example configuration: every setting with its default, commented out, under its description."""
    lines = [
        "# yaml-language-server: $schema=schema.json",
        "# Every setting of modelport with its default. Remove the # in front of what you change.",
        "# The same by environment: MODELPORT_SERVER__PORT=8080. Flags of `modelport serve` win over both.",
        "",
        "version: 1",
    ]
    for name, field in Settings.model_fields.items():
        if name == "version":
            continue
        lines.append("")
        default = field.get_default()
        if isinstance(default, BaseModel):
            doc = (type(default).__doc__ or "").splitlines()[0]
            lines += [f"# {doc}", f"# {name}:", *_section(type(default))]
        else:
            lines += [*_comment(field.description, ""), f"# {name}: {_yaml(default)}"]
    return "\n".join(lines) + "\n"


def openapi() -> str:
    """Return the API's description as a new server gives it."""
    return asyncio.run(_described())


async def _described() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with calling() as caller, installed(caller, Path(folder), {}, {}) as product:
            described = await product.anonymous.show("api/openapi.json")
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _section(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _comment(field.description, "  ")
        yield f"#   {name}: {_yaml(field.get_default())}"


def _comment(text: str | None, indent: str) -> Iterator[str]:
    for line in (text or "").splitlines():
        yield f"# {indent}# {line}" if indent else f"# {line}"


def _yaml(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return "null"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, PurePath):
        return str(value)
    return json.dumps(value)


FILES = {
    ROOT / "config" / "schema.json": config_schema,
    ROOT / "config" / "modelport.example.yaml": example_config,
    ROOT / "docs" / "openapi.json": openapi,
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
