"""Each client at each address: list, complete, stream, embed, cancel, wrong key, unknown model."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.environments import ROOT
from tests.journeys import servers
from tests.journeys.conftest import Place, Places, installed
from tests.programs import require

CLIENT_S = 300.0
LEFT_S = 2.0
VISITS = 4
HOLD_ON = {"llama-index"}
"""Libraries whose leaving is not seen each time: they seem to read on after their caller has closed (not traced)."""
ENVIRONMENT = {
    "NO_PROXY": "*",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OPENAI_API_KEY": "sk-must-not-be-sent",
    "PYTHONWARNINGS": "ignore",
    "SSL_CERT_FILE": str(ROOT / "tests" / "vectors" / "nobody.pem"),  # read by each new client, in no time
}

CLIENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "openai sync": ("own", "openai_python", ("sync",)),
    "openai async": ("own", "openai_python", ("async",)),
    "openai aiohttp": ("own", "openai_python", ("aiohttp",)),
    "openai 2.54 sync": ("openai-lowest", "openai_python", ("sync",)),
    "openai 2.54 async": ("openai-lowest", "openai_python", ("async",)),
    "openai 2.54 aiohttp": ("openai-lowest", "openai_python", ("aiohttp",)),
    "openai newest sync": ("openai-newest", "openai_python", ("sync",)),
    "openai newest async": ("openai-newest", "openai_python", ("async",)),
    "openai newest aiohttp": ("openai-newest", "openai_python", ("aiohttp",)),
    "openai node": ("npm", "openai_node.mjs", ()),
    "langchain": ("langchain", "langchain", ()),
    "pydantic-ai": ("pydantic-ai", "pydantic_ai", ()),
    "llama-index": ("llama-index", "llama_index", ()),
    "instructor": ("instructor", "instructor_openai", ()),
    "huggingface_hub": ("huggingface", "huggingface", ()),
    "curl": ("curl", "curl", ()),
}
"""Name: environment, program, arguments. `own` is the environment that the tests themselves run in."""


PAIRS = [
    (name, upstream)
    for name, (environment, *_) in CLIENTS.items()
    for upstream in ("scripted", "llama", "aimock")
    if (upstream == "scripted") == (environment == "own") or environment == "curl"
]
"""Those on our scripted upstream need nothing but this environment and curl; the others what `install.py` brings."""


def visit(client: str, places: Places) -> dict[str, dict[str, Any]]:
    """Run a client program at every form of each place's address; return its results by address and step."""
    environment, program, arguments = CLIENTS[client]
    told = [{**dataclasses.asdict(place), "unknown": f"{place.model}x"} for place in places]
    return said(*_command(environment, program), *arguments, json.dumps(told))


def said(*command: str) -> dict[str, Any]:
    """Run a client program without what steers clients; return the JSON object that it prints last."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=CLIENT_S, check=False, cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.endswith("_proxy")} | ENVIRONMENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _command(environment: str, program: str) -> list[str]:
    if environment == "npm":
        script = Path(__file__).parent / "clients" / program
        return [str(require("node")), str(script), str(installed("npm"))]
    if environment == "curl":
        require("curl")
    python = sys.executable if environment in {"own", "curl"} else str(installed(environment))
    return [python, "-m", f"tests.journeys.clients.{program}"]


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=[f"{client} - {upstream}" for client, upstream in PAIRS])
def test_a_client_does_everything_at_every_form_of_the_address(
    client: str, upstream: str, places_of: Callable[[str], Places], left_streams: Callable[[], tuple[int, ...]]
) -> None:
    """Clients.md section 3: on the server, through the gateway, under a prefix, with and without `v1` and slash.

    The real model server is asked at each address as it was published alone: the others are the scripted ones'.
    """
    places = places_of(upstream)
    if upstream == "llama":
        places = tuple(dataclasses.replace(place, urls=place.urls[:1]) for place in places)
    before = left_streams()
    _visited(client, places)
    if upstream == "llama" and client not in HOLD_ON:  # the scripted ones have said everything before anybody can leave
        _leave(client, places, before, left_streams)


def _visited(client: str, places: Places) -> None:
    results = visit(client, places)
    for place in places:
        for url in place.urls:
            check(results[url], place, f"{client} at {url}")


def _leave(client: str, places: Places, before: tuple[int, ...], now: Callable[[], tuple[int, ...]]) -> None:
    """Hold that each process noticed that a client left. Not each time: random weights may end a text at once."""
    for _ in range(VISITS):
        deadline = time.monotonic() + LEFT_S
        while time.monotonic() < deadline:
            if all(later > earlier for later, earlier in zip(now(), before, strict=True)):
                return
            time.sleep(0.05)
        _visited(client, places)
    raise AssertionError((before, now()))


def check(steps: dict[str, dict[str, Any]], place: Place, where: str) -> None:
    """Hold what every step of a client gave at one address."""
    failed = {name: step["error"] for name, step in steps.items() if "error" in step}
    unexpected = {name: error for name, error in failed.items() if name not in {"wrong_key", "unknown_model"}}
    assert not unexpected, f"{where}: {unexpected}"
    assert steps["cancel"]["ok"] is True, where
    assert steps["complete"]["ok"].strip("\n"), where
    pieces = steps["stream"]["ok"]
    assert len(pieces) > 1, (where, pieces)
    assert "".join(pieces), where
    if "list" in steps:
        assert place.model in steps["list"]["ok"], where
    if "embed" in steps:
        assert steps["embed"]["ok"] > 1, where
    if place.model.startswith("aimock"):
        assert servers.AIMOCK_TEXT.startswith(steps["complete"]["ok"].strip()), where
    _check_errors(steps, place, where)


def _check_errors(steps: dict[str, dict[str, Any]], place: Place, where: str) -> None:
    """Hold that both refusals reach the user of the library: status, and words that say what to do (CL-5)."""
    wrong, unknown = steps["wrong_key"]["error"], steps["unknown_model"]["error"]
    assert wrong["status"] == 401, (where, wrong)
    assert "key" in wrong["text"], (where, wrong)
    assert place.wrong_key not in wrong["text"], where
    assert unknown["status"] == 404, (where, unknown)
    assert f"{place.model}x" in unknown["text"], (where, unknown)
