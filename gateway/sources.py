"""Where settings come from: a YAML file and `MODELPORT_…` variables, each fault told by its place in them.

Used by settings.py alone. What the libraries let pass is refused here (libraries.md section 5): a misspelt variable, a
file that is missing, a broken value told without saying where.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from gateway.errors import ConfigError


class FileSource(PydanticBaseSettingsSource):
    """Values that were read before, as a source of a certain strength."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base's shape
        """Return one value."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return every value."""
        return self._values


class VariableSource(EnvSettingsSource):
    """The variables. A list is written as JSON, or as its items with commas between them; empty is as good as unset."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self.env_vars = {name.lower(): value for name, value in variables.items() if value}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ARG002 - the base's shape
        """Return the list or section that the text means.

        Raises:
            ConfigError: it begins like JSON and is none.
        """
        text = str(value).strip()
        if text[:1] not in {"[", "{"}:
            return [item.strip() for item in text.split(",") if item.strip()]
        try:
            return json.loads(text)
        except ValueError as error:
            raise ConfigError(
                f"the variable for {field_name} holds broken JSON: {error}",
                hint='write a list like ["one", "two"], or one,two',
            ) from None


def check_variables(variables: Mapping[str, str], settings: type[BaseSettings], others: frozenset[str]) -> None:
    """Let pass variables of which each one with our prefix stands for a setting or is among `others`.

    Raises:
        ConfigError: one stands for nothing; pydantic-settings would pass it over.
    """
    prefix = settings.model_config.get("env_prefix", "")
    known = others | {prefix + name.replace(".", "__").upper() for name in names_of(settings)}
    for name in variables:
        if name.upper().startswith(prefix) and not {name, name.upper()} & known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.75)
            meant = f"did you mean {near[0]}?" if near else "config/modelport.example.yaml lists every setting"
            raise ConfigError(f"the variable {name} stands for no setting", hint=meant)


def names_of(settings: type[BaseSettings]) -> Iterator[str]:
    """Yield every setting's path, like `server.port`."""
    for name, field in settings.model_fields.items():
        if isinstance(default := field.get_default(), BaseModel):
            yield from (f"{name}.{inner}" for inner in type(default).model_fields)
        else:
            yield name


def read_file(path: Path) -> dict[str, Any]:
    """Return what the configuration file says.

    Raises:
        ConfigError: it is missing, no YAML, or holds something else than settings by name.
    """
    # Inner import: most starts have no file, and the parser costs 20 ms.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"configuration file {path}: {error.strerror}", hint="check the path after --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"configuration file {path} is not UTF-8 at byte {error.start}") from error
    except YAMLError as error:
        raise ConfigError(f"configuration file {path} is no YAML: {_place(error)}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"configuration file {path} must hold settings by name, like `server:`")
    return cast("dict[str, Any]", values)


def _place(error: Exception) -> str:
    """Return what is wrong and where, in one line; the parser's own text takes eight and quotes the file."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).partition("\n")[0]
    what = what.partition(" with value ")[0]
    return what if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {what}"
