"""Every stable code of an error, with its class and status, read off the sources: nothing is listed by hand twice."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import GatewayError
from tests.docs.pages import ROOT

DYNAMIC = {
    "gateway/access/refusals.py": {
        "upstream_idle_timeout": "UpstreamTimeout",
        "upstream_timeout": "UpstreamTimeout",
        "slow_client": "UpstreamTimeout",
        "shutting_down": "Unavailable",
    },
    "gateway/registry/service/change.py": {
        "endpoint_referenced": "Conflict",
        "model_referenced": "Conflict",
        "team_referenced": "Conflict",
        "gateway_referenced": "Conflict",
    },
    "gateway/downloads/errors.py": {
        "download_artefact_odd": "Unprocessable",
        "download_url_odd": "Unprocessable",
        "download_url_credentials": "Unprocessable",
        "download_name_unknown": "Unprocessable",
        "download_name_odd": "Unprocessable",
        "download_hash_missing": "Unprocessable",
        "download_file_there": "Conflict",
        "download_disk_full": "Unavailable",
        "download_unwritable": "GatewayError",
        "download_refused": "UpstreamFailed",
        "download_redirected": "UpstreamFailed",
        "download_egress_denied": "PermissionDenied",
        "download_length_unknown": "UpstreamFailed",
        "download_length_differs": "UpstreamFailed",
        "download_answer_odd": "UpstreamFailed",
        "download_keeps_changing": "UpstreamFailed",
        "download_wait_too_long": "Unavailable",
        "download_gave_up": "UpstreamFailed",
        "download_digest_differs": "UpstreamFailed",
        "download_chunk_differs": "UpstreamFailed",
    },
    "gateway/registry/service/credential.py": {},  # those of the address rule, which have a table of their own
}
"""Codes that a file takes from a table of its own instead of writing them beside the error."""


@dataclass(frozen=True, slots=True, order=True)
class Raised:
    """A code and the class that carries it."""

    code: str
    kind: str


def raised() -> dict[str, set[str]]:
    """Return the names of the classes of each code that some place in gateway raises."""
    found: dict[str, set[str]] = {}
    known = kinds()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        tree, name = ast.parse(path.read_text()), str(path.relative_to(ROOT))
        for one in (*_raised_in(tree, name, set(known)), *(Raised(*pair) for pair in DYNAMIC.get(name, {}).items())):
            found.setdefault(one.code, set()).add(one.kind)
    for kind in known.values():
        if "default_code" not in vars(kind):  # one that says its code each time; which are loaded is chance
            continue
        found.setdefault(kind.default_code, set()).add(kind.__name__)
    return found


def kinds() -> dict[str, type[GatewayError]]:
    """Return every class of error by its name."""
    for path in (ROOT / "gateway").rglob("*.py"):
        if "default_code" in path.read_text():
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    every: list[type[GatewayError]] = [GatewayError, *_below(GatewayError)]
    return {one.__name__: one for one in every}


def _below(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("gateway.") and not inspect.isabstract(one):
            yield one
            yield from _below(one)


def _raised_in(tree: ast.Module, name: str, known: set[str]) -> Iterator[Raised]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        kind = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for keyword in node.keywords:
            if keyword.arg == "code" and kind in known:
                codes = list(_texts(keyword.value))
                assert codes or name in DYNAMIC, f"{name}:{node.lineno}: which codes are these?"
                yield from (Raised(code, kind) for code in codes)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
