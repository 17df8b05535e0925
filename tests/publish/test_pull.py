import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.publish.messages import PublishError
from gateway.publish.reference import parse
from gateway.publish.service import Access, Published, pull
from gateway.upstream.policy import EgressPolicy
from tests.publish.publishing import FILES, Bench, skopeo
from tests.publish.registries import Registry
from tests.publish.rogue import rogue

_ACCESS = Access(policy=EgressPolicy(), plain_http=True)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _layer(name: str, content: bytes = b"x", **more: Any) -> dict[str, Any]:
    notes = {"org.cncf.model.filepath": name}
    return {"mediaType": "raw", "digest": _digest(content), "size": len(content), "annotations": notes, **more}


async def _pulled(folder: Path, layers: list[dict[str, Any]], blob: bytes = b"x") -> PublishError | None:
    """Pull a package of these layers, each of which is answered with `blob`, and return the error."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "manifests" in request.path:
            return web.json_response({"schemaVersion": 2, "layers": layers})
        return web.Response(body=blob)

    async with rogue(answer) as registry:
        try:
            await pull(parse(f"{registry.place}/team/model:v1"), folder / "out", _ACCESS, home=folder / "cache")
        except PublishError as error:
            return error
    return None


async def test_what_was_pushed_comes_back_and_skopeo_reads_it(registry: Registry, bench: Bench, tmp_path: Path) -> None:
    """PUB-13: a ModelPack whose files are the very files; an independent client reads and copies it."""
    place = f"{registry.place}/team/round:v1"
    pushed = await bench.push(place)
    assert isinstance(pushed, Published)
    manifest = json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{place}"))
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    kinds = {one["annotations"]["org.cncf.model.filepath"]: one["mediaType"] for one in manifest["layers"]}
    assert kinds == {
        "README.md": "application/vnd.cncf.model.doc.v1.raw",
        "config.json": "application/vnd.cncf.model.weight.config.v1.raw",
        "empty.txt": "application/vnd.cncf.model.weight.config.v1.raw",
        "model.safetensors": "application/vnd.cncf.model.weight.v1.raw",
        "tokenizer/tokenizer.json": "application/vnd.cncf.model.weight.config.v1.raw",
    }
    skopeo("copy", "--src-tls-verify=false", f"docker://{place}", f"dir:{tmp_path / 'copied'}")
    digest, files = await pull(parse(place), tmp_path / "out", _ACCESS, home=tmp_path / "cache")
    assert digest == pushed.digest
    assert {one.name: one.path.read_bytes() for one in files} == FILES
    config = json.loads((tmp_path / "copied" / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes())
    assert config["config"] == {"format": "safetensors", "architecture": "transformer", "precision": "bf16"}
    assert config["modelfs"]["diffIds"] == [one["digest"] for one in manifest["layers"]]


async def test_the_kept_layout_is_one_that_others_read(registry: Registry, bench: Bench, tmp_path: Path) -> None:
    """PUB-11: what a failed push leaves in the cache is a whole OCI layout; a push that succeeded leaves none."""
    publisher = bench.publisher(f"{registry.place}/team/layout:v1", skip_preflight=True)
    package = await publisher._packaged(publisher._sources())
    layout = publisher._layout.path
    skopeo("copy", f"oci:{layout}", f"dir:{tmp_path / 'copied'}")
    assert _digest((tmp_path / "copied" / "manifest.json").read_bytes()) == package.digest
    await publisher.run()
    assert [one.name for one in layout.iterdir()] == ["hashes.json"]


async def test_a_file_is_hashed_once(registry: Registry, bench: Bench) -> None:
    """PUB-11: a second push of what did not change hashes nothing; what changed is hashed again."""
    weights = bench.directory / "model.safetensors"
    await bench.push(f"{registry.place}/team/hashed:v1")
    first = bench.publisher(f"{registry.place}/team/hashed:v2")
    assert first._layout.known(first._sources()) is not None
    weights.write_bytes(weights.read_bytes()[::-1])
    second = bench.publisher(f"{registry.place}/team/hashed:v2")
    assert second._layout.known(second._sources()) is None


async def test_a_blob_of_another_repository_is_mounted(registry: Registry, bench: Bench) -> None:
    """PUB-11: what the registry has elsewhere does not travel again."""
    await bench.push(f"{registry.place}/team/first:v1")
    pushed = await bench.push(f"{registry.place}/team/second:v1")
    assert isinstance(pushed, Published)
    assert (len(pushed.sent), len(pushed.mounted)) == (0, 6)
    skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry.place}/team/second:v1")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a\\x", "C:x", "", ".", "a//b", "a/./b", "x\x00y", "a/\u202ex"]
)
async def test_a_name_that_leaves_the_directory_stops_everything(tmp_path: Path, name: str) -> None:
    """Names in a manifest are a stranger's words; nothing is written, not even what came before."""
    error = await _pulled(tmp_path, [_layer("good.bin"), _layer(name)])
    assert error is not None
    assert error.code in {"path_leaves", "not_a_package"}
    assert not (tmp_path / "out").exists()


async def test_a_link_that_leaves_the_directory_is_not_followed(tmp_path: Path) -> None:
    """A link that lies in the directory already must not lead a file out of it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    error = await _pulled(tmp_path, [_layer("sub/x.bin")])
    assert error is not None
    assert error.code == "path_leaves"
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("blob", [b"y", b"", b"x" * 100_000])
async def test_other_bytes_than_promised_are_thrown_away(tmp_path: Path, blob: bytes) -> None:
    """A file gets its name when its digest is right: neither another content nor a longer or shorter one."""
    error = await _pulled(tmp_path, [_layer("sub/x.bin")], blob)
    assert error is not None
    assert error.message.endswith(f"arrived with another content than {_digest(b'x')}: it was thrown away.")
    assert [one.name for one in (tmp_path / "out" / "sub").iterdir()] == []


async def test_a_file_in_the_way_is_kept(tmp_path: Path) -> None:
    """Nothing of a person's own is overwritten unasked; the same file is not fetched again."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.bin").write_bytes(b"mine")
    error = await _pulled(tmp_path, [_layer("x.bin")])
    assert error is not None
    assert error.code == "file_in_the_way"
    (tmp_path / "out" / "x.bin").write_bytes(b"x")
    assert await _pulled(tmp_path, [_layer("x.bin")], b"never asked for") is None


async def test_a_redirect_to_storage_gets_no_credentials(tmp_path: Path) -> None:
    """PUB-8: registries hand blobs out from storage elsewhere; the credential does not travel along."""
    from tests.publish.registries import login

    async def storage(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x")

    async with rogue(storage) as elsewhere:

        async def answer(request: web.Request) -> web.StreamResponse:
            if "Authorization" not in request.headers:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if "manifests" in request.path:
                return web.json_response({"layers": [_layer("x.bin")]})
            return web.Response(status=307, headers={"Location": f"http://{elsewhere.place}/b?sig=1"})

        async with rogue(answer) as registry:
            access = Access(policy=EgressPolicy(), plain_http=True, credential=login())
            await pull(parse(f"{registry.place}/team/model:v1"), tmp_path / "out", access, home=tmp_path / "cache")
    assert (elsewhere.credentials, len(registry.credentials)) == ([], 2)
    assert (tmp_path / "out" / "x.bin").read_bytes() == b"x"
