"""The hub's files served on to other installations, under `/api/v1/catalogue/tuf/`: signed by the hub, as they came.

Only names that the signed metadata know are answered, from a folder of their own: versioned metadata, the timestamp
that says which are current, and targets by their hash. A target that is not here is fetched when somebody asks, and
verified. No key is needed: it is the hub's own publication, and whoever reads it believes signatures alone.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from gateway.api.operation import Content, operation
from gateway.errors import NotFound

_METADATA: Final = re.compile(r"metadata/(timestamp|[1-9][0-9]{0,9}\.[A-Za-z0-9_%.-]{1,200})\.json")
_TARGET: Final = re.compile(r"targets/[A-Za-z0-9_.+@:~/-]{1,400}")
_ALWAYS: Final = ("snapshot.json", "targets.json", "catalog.json")
"""What every look at the hub brings."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_JSON: Final = "application/json"

Fetch = Callable[..., Awaitable[bool]]
"""Brings a target into a file, verified; False where no hub is asked."""


class Known(NamedTuple):
    """A target that the signed metadata name."""

    path: str
    length: int


class Mirror:
    """`trusted` is where the verified metadata are, `folder` what is served; up to `most_bytes` of targets are kept."""

    def __init__(self, trusted: Path, folder: Path, *, fetch: Fetch, most_bytes: int) -> None:
        self._trusted = trusted
        self._metadata = folder / "metadata"
        self._targets = folder / "targets"
        self._fetch = fetch
        self._most_bytes = most_bytes
        self._turn = asyncio.Lock()

    async def file(self, name: str) -> Path:
        """Return the file of a name.

        Raises:
            NotFound: the signed metadata know none of this name.
            GatewayError: it is not here, and cannot be fetched just now.
        """
        if found := _METADATA.fullmatch(name):
            if found[1] == "timestamp":
                async with self._turn:
                    await asyncio.to_thread(self.follow)
            path = self._metadata / name.removeprefix("metadata/")
            if not await asyncio.to_thread(path.is_file):
                raise _unknown(name)
            return path
        if not _TARGET.fullmatch(name):
            raise _unknown(name)
        known = (await asyncio.to_thread(lambda: dict(self.known()))).get(name.removeprefix("targets/"))
        if known is None:
            raise _unknown(name)
        return await self._target(known)

    def follow(self) -> bool:
        """Take over the verified metadata, the timestamp last, and say whether they were all of one moment."""
        try:
            found = dict(self._current(self._trusted))
            timestamp = (self._trusted / "timestamp.json").read_bytes()
            roots = {one.name: one.read_bytes() for one in (self._trusted / "root_history").glob("*.root.json")}
        except (OSError, ValueError, KeyError, TypeError):
            return False  # a look at the hub is under way, or there was none yet
        self._metadata.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in {**roots, **found}.items():
            _put(self._metadata / name, content)
        _put(self._metadata / "timestamp.json", timestamp, anew=True)
        for one in self._metadata.glob("*.json"):
            if one.name != "timestamp.json" and ".root." not in one.name and one.name not in found:
                one.unlink(missing_ok=True)
        return True

    def known(self) -> Iterator[tuple[str, Known]]:
        """Yield the targets that the served metadata name, by their names with the hash in front."""
        for file in self._metadata.glob("*.json"):
            signed = json.loads(file.read_bytes())["signed"]
            for path, about in signed.get("targets", {}).items() if signed["_type"] == "targets" else ():
                folder, _, name = path.rpartition("/")
                for digest in about["hashes"].values():
                    yield f"{folder}/{digest}.{name}" if folder else f"{digest}.{name}", Known(path, about["length"])

    def _current(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        """Yield the versioned names and contents of metadata that fit each other.

        Raises:
            ValueError: they do not.
        """
        versions: dict[str, int] = {}
        for named in ("timestamp", "snapshot"):
            said = json.loads((folder / f"{named}.json").read_bytes())["signed"]
            versions |= {name: about["version"] for name, about in said["meta"].items()}
        for name, version in versions.items():
            path = folder / name
            if not path.is_file():
                continue  # a delegated role that nobody needed here
            content = path.read_bytes()
            if json.loads(content)["signed"]["version"] != version:
                if name not in _ALWAYS:
                    continue  # one that nobody needed since it changed: the others must not wait for it
                raise ValueError(name)
            yield f"{version}.{name}", content

    async def _target(self, known: Known) -> Path:
        path = self._targets / known.path
        async with self._turn:
            if not await asyncio.to_thread(path.is_file):
                await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
                if not await self._fetch(known.path, path, max_length=known.length):
                    raise _unknown(known.path)
                await asyncio.to_thread(self._prune, path)
            await asyncio.to_thread(path.touch)  # the one that nobody asked for the longest goes first
        return path

    def _prune(self, newest: Path) -> None:
        files = sorted((one for one in self._targets.rglob("*") if one.is_file()), key=lambda one: one.stat().st_mtime)
        total = sum(one.stat().st_size for one in files)
        for one in files:
            if total <= self._most_bytes:
                return
            if one != newest:
                total -= one.stat().st_size
                one.unlink(missing_ok=True)


class MirrorRoutes:
    """There where `catalogue.mirror` is on."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    @operation(
        "GET",
        "/catalogue/tuf/{name:[A-Za-z0-9_.:@+~/%-]+}",
        public=True,
        answers={200: Content("application/octet-stream")},
        errors=(404, 502),
        tag="catalogue",
        summary="A file of the hub",
    )
    async def show_hub_file(self, request: web.Request) -> web.StreamResponse:
        """As a hub serves it: set `catalogue.url` of other installations to `…/api/v1/catalogue/tuf/`."""
        name = request.match_info["name"]
        path = await self._mirror.file(name)
        caching = "no-cache" if name == "metadata/timestamp.json" else _FOR_EVER
        if name.startswith("metadata/"):
            body = await asyncio.to_thread(path.read_bytes)
            return web.Response(body=body, content_type=_JSON, headers={hdrs.CACHE_CONTROL: caching})
        return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: caching})


def _put(path: Path, content: bytes, *, anew: bool = False) -> None:
    """Have the file there whole: readers see the old one or the new one."""
    if not anew and path.exists():
        return
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"the hub has no file {name[:200]!r}", code="hub_file_not_found", hint="begin at metadata/timestamp.json"
    )
