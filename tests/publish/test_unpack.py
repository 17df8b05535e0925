"""Layers that are archives, which other tools push (PUB-13): unpacked as a stranger's."""

import gzip
import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.publish.messages import PublishError
from gateway.publish.reference import parse
from gateway.publish.service import pull
from gateway.publish.unpack import FREE, MAX_RATIO
from tests.publish.rogue import rogue
from tests.publish.test_pull import _ACCESS, _digest

KIND = "application/vnd.cncf.model.weight.config.v1."
FILES = {"config.json": b"{}", "tokenizer/vocab.txt": b"a\nb\n" * 5000, "empty": b""}


def member(name: str, content: bytes = b"x", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member of an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return written.getvalue()


async def pulled(folder: Path, blob: bytes, end: str = "tar", **how: Any) -> list[str] | PublishError:
    """Pull a package of this one layer; return the files' names, or the error."""
    layer = {
        "mediaType": KIND + end,
        "digest": _digest(blob),
        "size": len(blob),
        "annotations": {"org.cncf.model.filepath": "configs"},
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        if "manifests" in request.path:
            return web.Response(body=json.dumps({"schemaVersion": 2, "layers": [layer]}).encode())
        return web.Response(body=blob)

    async with rogue(answer) as registry:
        place = parse(f"{registry.place}/team/model:v1")
        try:
            _, files = await pull(place, folder / "out", _ACCESS, home=folder / "cache", **how)
        except PublishError as error:
            return error
    return [one.name for one in files]


def left(folder: Path) -> list[str]:
    """Return everything that lies in the directory."""
    return sorted(one.relative_to(folder / "out").as_posix() for one in (folder / "out").rglob("*") if one.is_file())


@pytest.mark.parametrize("end", ["tar", "tar+gzip"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./"])
async def test_an_archive_becomes_its_files(tmp_path: Path, end: str, form: int, prefix: str) -> None:
    """In each form that tar has; nothing of the archive itself stays; a second pull writes nothing."""
    folder = member(f"{prefix}tokenizer", b"", type=tarfile.DIRTYPE)
    files = (member(f"{prefix}{name}", content, mode=0o4777, uid=0) for name, content in FILES.items())
    plain = archive(folder, *files, form=form)
    blob = gzip.compress(plain) if end == "tar+gzip" else plain
    assert await pulled(tmp_path, blob, end) == list(FILES)
    assert left(tmp_path) == sorted(FILES)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES
    assert (tmp_path / "out" / "config.json").stat().st_mode & 0o7777 == 0o644
    before = (tmp_path / "out" / "config.json").stat().st_ino
    assert await pulled(tmp_path, blob, end) == list(FILES)
    assert (tmp_path / "out" / "config.json").stat().st_ino == before


SPARSE = tarfile.GNUTYPE_SPARSE
BAD = {
    "absolute": (member("/etc/x"), "path_leaves"),
    "parent": (member("../x"), "path_leaves"),
    "inner parent": (member("a/../../x"), "path_leaves"),
    "backslash": (member("a\\x"), "path_leaves"),
    "symbolic link": (member("x", b"", type=tarfile.SYMTYPE, linkname="/etc"), "not_unpacked"),
    "hard link": (member("x", b"", type=tarfile.LNKTYPE, linkname="good"), "not_unpacked"),
    "device": (member("x", b"", type=tarfile.CHRTYPE), "not_unpacked"),
    "pipe": (member("x", b"", type=tarfile.FIFOTYPE), "not_unpacked"),
    "twice": (member("good"), "not_unpacked"),
    "twice, written differently": (member("./good"), "not_unpacked"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_plain_file_inside_stops_everything(tmp_path: Path, name: str) -> None:
    """Judged before a byte is written, not even what came before it."""
    bad, code = BAD[name]
    error = await pulled(tmp_path, archive(member("good"), bad))
    assert isinstance(error, PublishError)
    assert error.code == code, error.message
    assert left(tmp_path) == []
    assert not (tmp_path / "x").exists()


async def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """More than a hundred times its size, or a header that wants all memory."""
    bomb = archive(*(member(str(number), bytes(FREE // 2)) for number in range(4)))
    error = await pulled(tmp_path, gzip.compress(bomb), "tar+gzip")
    assert isinstance(error, PublishError)
    assert f"an archive in it unpacks to more than {MAX_RATIO} times its size" in error.message
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    error = await pulled(tmp_path, header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert isinstance(error, PublishError)
    assert error.message.split("not unpacked: ")[1].startswith("an archive in it is broken (a header is too long).")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("blob", "end"),
    [(b"no archive at all", "tar"), (b"no gzip", "tar+gzip"), (gzip.compress(b"x" * 9000, mtime=0)[:-9], "tar+gzip")],
    ids=["no-tar", "no-gzip", "cut"],
)
async def test_what_is_no_archive_is_one_sentence(tmp_path: Path, blob: bytes, end: str) -> None:
    """And nothing stays of it."""
    error = await pulled(tmp_path, blob, end)
    assert isinstance(error, PublishError)
    assert "is not unpacked: an archive in it is broken" in error.message
    assert left(tmp_path) == []


async def test_a_compression_that_is_not_known_says_what_to_do(tmp_path: Path) -> None:
    """Python 3.11 knows no zstd: told before anything is fetched."""
    error = await pulled(tmp_path, b"x", "tar+zstd")
    assert isinstance(error, PublishError)
    reference = error.message.split(" ", 1)[0]
    assert error.message == (
        f'{reference} is not unpacked: "configs" is an archive compressed with zstd, and gzip alone is known here. Look'
        f" into it with: skopeo copy docker://{reference} dir:FOLDER"
    )


async def test_a_file_in_the_way_of_an_archive_is_kept(tmp_path: Path) -> None:
    """Nothing of a person's own is overwritten unasked."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "config.json").write_bytes(b"mine")
    blob = archive(*(member(name, content) for name, content in FILES.items()))
    error = await pulled(tmp_path, blob)
    assert isinstance(error, PublishError)
    assert (error.code, (tmp_path / "out" / "config.json").read_bytes()) == ("file_in_the_way", b"mine")
    assert await pulled(tmp_path, blob, overwrite=True) == list(FILES)
    assert (tmp_path / "out" / "config.json").read_bytes() == b"{}"


async def test_a_file_with_holes_is_not_unpacked(tmp_path: Path) -> None:
    """Its size in the header is not what it unpacks to."""
    info = tarfile.TarInfo("x")
    info.type = SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = b"00000000000\0"
    block[398:410] = b"00000000000\0"
    block[483:495] = b"77777777777\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(struct.unpack("512B", block))
    error = await pulled(tmp_path, bytes(block) + bytes(1024))
    assert isinstance(error, PublishError)
    assert '"x" in it is a file with holes, which is not unpacked' in error.message
