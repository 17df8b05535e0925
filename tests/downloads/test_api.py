"""Downloads by the server: begun, followed, paused, resumed and cancelled over the API, as operations."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.downloads.parts import PART
from tests.app.caller import Answer, Caller, until
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.app.installation import Installation
from tests.downloads.server import FileServer, Reply, serving

__all__ = ["caller", "process_settings", "start", "upstream"]  # fixtures of the whole product

SIZE = 2 * PART + 1000
PATH = "api/v1/downloads"


@pytest.fixture
async def files() -> AsyncIterator[FileServer]:
    """Give a server with a file of three parts."""
    async with serving(SIZE) as one:
        yield one


@pytest.fixture
async def product(start: Start, tmp_path: Path) -> AsyncIterator[Installation]:
    """Give a product with a folder for downloads."""
    async with start(downloads={"folder": str(tmp_path / "models"), "at_once": 1}) as running:
        yield running


def wish(files: FileServer, **more: Any) -> dict[str, Any]:
    """Return what one sends to fetch the file."""
    return {"url": files.url, "sha256": files.sha256, **more}


async def begun(admin: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Begin a download that must be taken."""
    answer = await admin.post(PATH, body)
    assert answer.status == 202, answer.text
    found: dict[str, Any] = answer.json
    return found


async def in_state(admin: Caller, download: str, *states: str) -> dict[str, Any]:
    """Return the download once it is in one of these states."""
    found: dict[str, Any] = {}

    async def is_there() -> bool:
        nonlocal found
        found = await admin.show(f"{PATH}/{download}")
        return found["state"] in states

    await until(is_there, within_s=30)
    return found


async def test_a_file_is_fetched_and_followed(product: Installation, files: FileServer, tmp_path: Path) -> None:
    """202 with a Location; events with bytes, total, rate, eta and phase; the last one is the whole download."""
    answer = await product.admin.post(PATH, wish(files, name="acme/coder.gguf"))
    assert (answer.status, answer.headers["Location"]) == (202, f"downloads/{answer.json['id']}")
    stream = (await product.admin.get(f"{PATH}/{answer.json['id']}/events")).text
    events = [dict(line.split(": ", 1) for line in one.splitlines()) for one in stream.split("\n\n") if "data" in one]
    *steps, last = events
    assert {one["event"] for one in steps} <= {"progress"}
    assert all(json.loads(one["data"]).keys() == {"bytes", "total", "rate", "eta", "phase"} for one in steps)
    done = json.loads(last["data"])
    assert (last["event"], done["state"], done["name"]) == ("done", "done", "acme/coder.gguf")
    assert (done["result"]["size"], done["result"]["verified"], done["result"]["fetched"]) == (SIZE, True, SIZE)
    assert (tmp_path / "models" / "acme" / "coder.gguf").read_bytes() == files.content
    assert [one["id"] for one in (await product.admin.show(PATH))["items"]] == [answer.json["id"]]
    kinds = {one["kind"] for one in (await product.admin.show("api/v1/operations"))["items"]}
    assert kinds == {"download"}


async def test_pause_resume_and_what_is_kept(product: Installation, files: FileServer, tmp_path: Path) -> None:
    """It stands still, asks nobody, and goes on where it was; asked twice it is the same."""
    files.answer = lambda asked, honest: replace(honest, stall=1000) if asked.start == PART else honest
    one = (await begun(product.admin, wish(files)))["id"]
    await in_state(product.admin, one, "running")

    async def has_two_parts() -> bool:
        return bool((await product.admin.show(f"{PATH}/{one}"))["progress"]["bytes"] > PART)

    await until(has_two_parts, within_s=30)
    paused = await product.admin.call("POST", f"{PATH}/{one}/pause")
    again = await product.admin.call("POST", f"{PATH}/{one}/pause")
    assert (paused.status, paused.json["state"], again.json["state"]) == (202, "paused", "paused")
    await until(lambda: _idle(product), within_s=30)
    assert {path.name for path in (tmp_path / "models").iterdir()} == {".f.gguf.part", ".f.gguf.part.json"}
    before, files.answer = files.sent, lambda _, honest: honest
    resumed = await product.admin.call("POST", f"{PATH}/{one}/resume")
    assert (resumed.status, resumed.json["state"] in {"queued", "running"}) == (202, True)
    await in_state(product.admin, one, "done")
    assert files.sent - before <= PART
    assert (tmp_path / "models" / "f.gguf").read_bytes() == files.content
    over = await product.admin.call("POST", f"{PATH}/{one}/pause")
    assert (over.status, over.code) == (409, "state_conflict")


async def _idle(product: Installation) -> bool:
    return bool(product.inside.ground.downloads._carrier._running == 0)


async def test_cancelling_takes_away_what_came(product: Installation, files: FileServer, tmp_path: Path) -> None:
    """Also one that is paused."""
    files.answer = lambda asked, honest: replace(honest, stall=1000) if asked.start == PART else honest
    for first in ("", "/pause"):
        one = (await begun(product.admin, wish(files)))["id"]
        await in_state(product.admin, one, "running")
        if first:
            await product.admin.call("POST", f"{PATH}/{one}{first}")
        cancelled = await product.admin.call("POST", f"{PATH}/{one}/cancel")
        assert cancelled.status == 202
        ended = await in_state(product.admin, one, "cancelled")
        assert ended["result"] == {"name": "f.gguf", "kept": False}
        assert list((tmp_path / "models").iterdir()) == []


async def test_a_restart_goes_on_where_it_was(start: Start, files: FileServer, tmp_path: Path) -> None:
    """The operation is in the database and the parts on the disk: neither the server nor the download begins anew."""
    folder = {"folder": str(tmp_path / "models")}
    files.answer = lambda asked, honest: replace(honest, stall=1000) if asked.start == PART else honest
    async with start(downloads=folder) as product:
        one = (await begun(product.admin, wish(files)))["id"]
        await in_state(product.admin, one, "running")

        async def has_two_parts() -> bool:
            return bool((await product.admin.show(f"{PATH}/{one}"))["progress"]["bytes"] > PART)

        await until(has_two_parts, within_s=30)
        key = product.key
    before, files.answer = files.sent, lambda _, honest: honest
    async with start(downloads=folder) as product:
        admin = product.stranger.keyed(key)
        done = await in_state(admin, one, "done")
    assert files.sent - before <= PART
    assert done["result"]["fetched"] <= PART
    assert (tmp_path / "models" / "f.gguf").read_bytes() == files.content


async def test_so_many_at_once_and_the_same_file_once(product: Installation, files: FileServer) -> None:
    """The second one waits for its turn; the same file again is the same operation, another one of its name is not."""
    files.answer = lambda _, honest: replace(honest, stall=1000)
    first = await begun(product.admin, wish(files))
    await in_state(product.admin, first["id"], "running")
    second = await begun(product.admin, wish(files, name="other.gguf"))
    same = await begun(product.admin, wish(files))
    assert same["id"] == first["id"]
    other = await product.admin.post(PATH, wish(files, sha256="0" * 64))
    assert (other.status, other.code) == (409, "operation_in_progress")
    assert (await product.admin.show(f"{PATH}/{second['id']}"))["state"] == "queued"
    await product.admin.call("POST", f"{PATH}/{first['id']}/cancel")
    await in_state(product.admin, second["id"], "running")


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "validation_failed"),
    ({"sha256": None}, 422, "download_hash_missing"),
    ({"url": "ftp://h.example.com/f"}, 422, "download_url_odd"),
    ({"url": "http://u:p@h.example.com/f"}, 422, "download_url_credentials"),
    ({"url": "http://169.254.169.254/f"}, 403, "download_egress_denied"),
    ({"mirrors": ["http://169.254.169.254/f"]}, 403, "download_egress_denied"),
    ({"url": "http://h.example.com/"}, 422, "download_name_unknown"),
    ({"id": "acme/coder"}, 422, "validation_failed"),
    ({"quant": "Q4"}, 422, "validation_failed"),
    ({"sha256": "A" * 64}, 422, "validation_failed"),
    *(
        ({"name": name}, 422, "download_name_odd")
        for name in (
            "../f",
            "/etc/f",
            "a/../f",
            ".f",
            "a/.f",
            "a//f",
            "a\\f",
            "a/",
            "out/f",
            "a\u202eb",
            "a/" * 9 + "f",
        )
    ),
]


async def test_what_is_refused_before_anybody_is_asked(
    product: Installation, files: FileServer, tmp_path: Path
) -> None:
    """A caller chooses a name, never a place; nothing is written, and no operation begins."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "out").symlink_to(tmp_path)
    for given, status, code in REFUSED:
        body = {name: value for name, value in (wish(files) | given if given else {}).items() if value is not None}
        answer = await product.admin.post(PATH, body)
        assert (answer.status, answer.code) == (status, code), f"{given}: {answer.text}"
        assert "hint" in answer.json or code == "validation_failed", given
    unknown = await product.admin.post(PATH, {"id": "acme/nothing"})
    assert (unknown.status, unknown.json["status"]) == (404, 404)
    assert files.asked == []
    assert (await product.admin.show(PATH))["items"] == []


async def test_a_failed_download_says_why_and_goes_on_when_it_is_asked_for_again(
    product: Installation, files: FileServer
) -> None:
    """The error is the operation's; a new one goes on from what came."""
    files.answer = lambda asked, honest: Reply(404) if asked.start == 2 * PART else honest
    one = (await begun(product.admin, wish(files)))["id"]
    failed = await in_state(product.admin, one, "failed")
    assert failed["error"]["code"] == "download_refused"
    assert "answers 404" in failed["error"]["message"]
    before, files.answer = files.sent, lambda _, honest: honest
    two = (await begun(product.admin, wish(files)))["id"]
    await in_state(product.admin, two, "done")
    assert files.sent - before < SIZE


async def test_other_operations_are_no_downloads(product: Installation) -> None:
    """Their ids are not found here."""
    ground = product.inside.ground
    async with ground.database.write() as conn:
        other = await ground.work.operations.create(conn, "nothing")
    for method, then in (("GET", ""), ("GET", "/events"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel")):
        answer = await product.admin.call(method, f"{PATH}/{other.id}{then}")
        assert (answer.status, answer.code) == (404, "download_not_found")


async def test_a_team_sees_its_own(product: Installation, files: FileServer) -> None:
    """Downloads of an operator who is bound to a team belong to it; a viewer may look, and not begin one."""
    files.answer = lambda _, honest: replace(honest, stall=1000)
    await product.admin.make("teams", name="acme")
    operator = await product.as_role("operator", team="acme")
    viewer, stranger = await product.as_role("viewer", team="acme"), await product.as_role("viewer", team="default")
    made = await begun(operator, wish(files))
    one = made["id"]
    assert made["name"] == "acme/f.gguf"  # nobody replaces another team's file
    assert (await viewer.get(f"{PATH}/{one}")).status == 200
    assert (await stranger.get(f"{PATH}/{one}")).status == 404
    assert (await viewer.post(PATH, wish(files))).status == 403
    assert (await stranger.show(PATH))["items"] == []


async def test_entries_of_the_catalogue_name_their_files(start: Start, files: FileServer, tmp_path: Path) -> None:
    """By id: address, size, SHA-256 and mirrors are the catalogue's; of several files one is named."""
    url = f"{files.origin}/acme/resolve/{'a' * 40}/f.gguf"
    weights = {"role": "weights", "url": url, "size": SIZE, "sha256": files.sha256, "quant": "Q4_K_M"}
    entry = {
        "schema": 1,
        "id": "acme/coder",
        "rev": 1,
        "kind": "model",
        "artifacts": [weights, {**weights, "quant": "Q8_0", "sha256": "0" * 64}],
    }
    settings = {"catalogue": {"mode": "static", "static": [entry]}, "downloads": {"folder": str(tmp_path / "models")}}
    async with start(**settings) as product:
        several: Answer = await product.admin.post(PATH, {"id": "acme/coder"})
        assert (several.status, several.code) == (422, "download_several_files")
        one = await begun(product.admin, {"id": "acme/coder", "quant": "q4_k_m", "name": "coder.gguf"})
        assert one["entry"] == "acme/coder"
        await in_state(product.admin, one["id"], "done")
    assert (tmp_path / "models" / "coder.gguf").read_bytes() == files.content


def test_a_start_loads_nothing_that_fetches() -> None:
    """The engine is imported when the first download begins: memory of a server at rest is counted in single MB."""
    said = "import sys, gateway.app; print(*(one for one in sys.modules if one.startswith('gateway.downloads.')))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60)
    loaded = {one.rpartition(".")[2] for one in done.stdout.split()}
    assert loaded == {"artefact", "choosing", "errors", "folder", "inputs", "routes", "service", "views"}


async def test_a_query_is_a_secret(product: Installation, files: FileServer) -> None:
    """A signed address is fetched whole, and shown without its signature."""
    one = await begun(product.admin, wish(files, url=f"{files.url}?signature=canary"))
    await in_state(product.admin, one["id"], "done")
    assert files.asked[0].path.endswith("?signature=canary")
    told = await product.admin.get(f"{PATH}/{one['id']}")
    audited = await product.admin.get("api/v1/audit/export")
    operations = await product.admin.get("api/v1/operations")
    assert "canary" not in told.text + audited.text + operations.text
