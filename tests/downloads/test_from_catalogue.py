"""A file that an entry of the catalogue names: a hub publishes its hash and its chunks, the server fetches it by id."""

from dataclasses import replace
from pathlib import Path

from gateway.catalogue.hub.artifact import describe, with_artifact
from gateway.catalogue.hub.hub import Hub
from gateway.downloads.parts import PART
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.catalogue.api.conftest import hub, hub_server
from tests.catalogue.api.world import shows
from tests.catalogue.entries import entry
from tests.downloads.server import Asked, Reply, serving
from tests.downloads.test_api import SIZE, begun, in_state
from tests.fakes.hub import FaultyHub

__all__ = ["caller", "hub", "hub_server", "process_settings", "start", "upstream"]  # fixtures


async def test_a_flipped_byte_costs_one_part_of_a_file_whose_chunks_a_hub_signed(
    start: Start, hub: Hub, hub_server: FaultyHub, tmp_path: Path
) -> None:
    """From the publisher's `add-file` to the file on disk: the one part that was wrong came twice, nothing else."""
    async with serving(SIZE) as files:
        flipped: list[int] = []

        def answer(asked: Asked, honest: Reply) -> Reply:
            if asked.start != PART or flipped:
                return honest
            flipped.append(asked.number)
            return replace(honest, body=bytes([honest.body[0] ^ 1]) + honest.body[1:])

        files.answer = answer
        (tmp_path / "f.gguf").write_bytes(files.content)
        named = entry(1)
        told = describe(tmp_path / "f.gguf", named["id"], url=f"{files.origin}/{files.sha256}/f.gguf")
        assert told.chunks is not None
        hub.put_file(told.artifact["chunks_target"], told.chunks)
        hub.put([with_artifact(named, told.artifact)])
        serial = hub.publish()
        (tmp_path / "root.json").write_bytes(hub.root)
        wanted = {"url": str(hub_server.url), "root": tmp_path / "root.json"}
        async with start(catalogue=wanted, downloads={"folder": str(tmp_path / "models")}) as product:
            await shows(product.admin, serial)
            download = await begun(product.admin, {"id": named["id"]})
            done = await in_state(product.admin, download["id"], "done", "failed")
        assert done["state"] == "done", done
        assert (tmp_path / "models" / done["name"]).read_bytes() == files.content
        assert (len(flipped), done["result"]["fetched"], files.sent) == (1, SIZE + PART, SIZE + PART)
