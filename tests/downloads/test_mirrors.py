"""Several servers for one file, and servers that send elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.downloads.artefact import Artefact, is_name
from gateway.downloads.engine import Download
from gateway.downloads.errors import DownloadError
from gateway.downloads.opening import HttpOpener
from gateway.upstream.egress import Egress, EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from tests.downloads.conftest import QUICK, Bench, reached
from tests.downloads.server import Asked, FileServer, Reply, serving

PART = QUICK.part


@pytest.fixture
async def mirror(server: FileServer) -> AsyncIterator[FileServer]:
    """Give a second server with the same file."""
    async with serving(server.content) as one:
        one.etag = '"of the mirror"'
        yield one


async def test_a_mirror_takes_over_part_by_part(bench: Bench, server: FileServer, mirror: FileServer) -> None:
    """Every second answer of the first server fails; nothing is fetched twice, and both are asked."""
    server.answer = lambda asked, honest: Reply(503) if asked.number % 2 == 0 else honest
    await bench.download(server, mirrors=(mirror.url,)).run()
    assert bench.target.read_bytes() == server.content
    assert server.sent + mirror.sent == len(server.content)
    assert server.sent
    assert mirror.sent


@pytest.mark.parametrize("status", [404, 403, 500])
async def test_a_mirror_serves_where_the_first_one_does_not(
    bench: Bench, server: FileServer, mirror: FileServer, status: int
) -> None:
    """Gone, forbidden or broken: the file comes from the other one."""
    server.answer = lambda *_: Reply(status)
    await bench.download(server, mirrors=(mirror.url,)).run()
    assert bench.target.read_bytes() == server.content


async def test_a_mirror_with_another_file_is_asked_no_more(
    bench: Bench, server: FileServer, mirror: FileServer
) -> None:
    """Its length is not the one that was promised."""
    mirror.content += b"more"
    server.answer = lambda asked, honest: Reply(503) if asked.number % 3 == 0 else honest
    await bench.download(server, size=len(server.content), mirrors=(mirror.url,)).run()
    assert bench.target.read_bytes() == server.content
    assert 1 <= len(mirror.asked) <= 4


async def test_a_mirror_with_a_bad_part_costs_that_part(bench: Bench, server: FileServer, mirror: FileServer) -> None:
    """With a list of chunks the part is taken from the other one."""
    server.answer = lambda _, honest: Reply(206, b"\0" * len(honest.body), honest.headers)
    known: dict[str, Any] = {
        "size": len(server.content),
        "chunk": PART,
        "chunks": server.chunks(PART),
        "mirrors": (mirror.url,),
    }
    await bench.download(server, **known).run()
    assert bench.target.read_bytes() == server.content
    assert mirror.sent == len(server.content)


async def test_a_redirect_is_followed_by_who_knows_the_hash(
    bench: Bench, server: FileServer, mirror: FileServer
) -> None:
    """Hugging Face sends to a CDN; the token stays where it was meant for, and the way is asked for once."""
    server.answer = lambda *_: Reply(302, b"", {"Location": f"{mirror.url}?signature=x"})
    await bench.download(server, token="hf_secret").run()
    assert bench.target.read_bytes() == mirror.content
    assert {one.headers.get("authorization") for one in server.asked} == {"Bearer hf_secret"}
    assert not any("authorization" in one.headers for one in mirror.asked)
    assert len(server.asked) <= 4


async def test_a_signed_address_that_has_run_out_is_asked_for_anew(
    bench: Bench, server: FileServer, mirror: FileServer
) -> None:
    """403 from where a redirect led is no refusal: the first address gives a new one."""
    server.answer = lambda asked, _: Reply(302, b"", {"Location": f"{mirror.origin}/at/{asked.number}"})
    used: dict[str, int] = {}

    def answer(asked: Asked, honest: Reply) -> Reply:
        used[asked.path] = used.get(asked.path, 0) + 1
        return honest if used[asked.path] <= 3 else Reply(403)

    mirror.answer = answer
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert len(used) >= 4


async def test_without_a_hash_no_redirect_is_followed(bench: Bench, server: FileServer, mirror: FileServer) -> None:
    """Nobody could tell what came from where."""
    server.answer = lambda *_: Reply(302, b"", {"Location": mirror.url})
    with pytest.raises(DownloadError) as caught:
        await bench.download(server, sha256=None, verify=False, follows=False).run()
    assert caught.value.code == "download_redirected"
    assert mirror.asked == []


@pytest.mark.parametrize(
    "location", ["", "//x.example.com/f", "ftp://x.example.com/f", "http://u:p@x.example.com/f", "http://x\\y/f", "f"]
)
async def test_a_redirect_to_what_is_no_address_is_refused(bench: Bench, server: FileServer, location: str) -> None:
    """Where it leads is what an attacker would write."""
    server.answer = lambda *_: Reply(302, b"", {"Location": location})
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert caught.value.code == "download_redirected"


async def test_a_loop_of_redirects_ends(bench: Bench, server: FileServer) -> None:
    """After five."""
    server.answer = lambda *_: Reply(307, b"", {"Location": "/models/f.gguf"})
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert caught.value.code == "download_redirected"
    assert len(server.asked) == 6


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:{port}/f"])
async def test_every_hop_is_judged_by_the_egress_policy(bench: Bench, target: str) -> None:
    """A public server must not send this one to its own metadata or into its network."""
    async with serving() as server, serving(server.content) as inner:
        port = inner.origin.rpartition(":")[2]
        server.answer = lambda *_: Reply(302, b"", {"Location": target.format(port=port)})
        own = server.origin.rpartition(":")[2]
        policy = EgressPolicy("server", [f"127.0.0.1/32:{own}"])
        egress = Egress(policy)
        opener = HttpOpener(SessionTransport(egress.session), policy, follows=True)
        with pytest.raises(DownloadError) as caught:
            await Download(Artefact(url=server.url, sha256=server.sha256), bench.target, opener, rules=QUICK).run()
        await egress.close()
        assert caught.value.code == "download_egress_denied"
        assert inner.asked == []
    assert bench.names == set()


@pytest.mark.parametrize(
    "url", ["", "f.gguf", "/f", "ftp://h.example.com/f", "http:///f", "http://h.example.com:x/f", "http://h/\n"]
)
async def test_what_is_no_address_is_refused_before_anybody_is_asked(bench: Bench, url: str) -> None:
    """Whatever it was taken from."""
    server = FileServer(b"x")
    with pytest.raises(DownloadError) as caught:
        await bench.download(server, url=url, sha256="0" * 64).run()
    assert caught.value.code == "download_url_odd"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"sha256": "x"}, "is no SHA-256"),
        ({"sha256": "A" * 64}, "is no SHA-256"),
        ({"size": -1}, "below 0"),
        ({"chunk": 4, "chunks": ("0" * 64,)}, "needs size and chunk"),
        ({"size": 9, "chunk": 4, "chunks": ("0" * 64,)}, "not as long as the file"),
        ({"size": 9, "chunk": 0, "chunks": ("0" * 64,)}, "needs size and chunk"),
    ],
)
def test_what_does_not_fit_together_is_refused(known: dict[str, object], why: str) -> None:
    """A catalogue entry is somebody else's words."""
    with pytest.raises(DownloadError) as caught:
        Artefact(url="http://h.example.com/f", **known)  # type: ignore[arg-type]  # that is the point
    assert caught.value.code == "download_artefact_odd"
    assert why in caught.value.message


def test_a_name_is_taken_from_the_address_where_it_has_one() -> None:
    """Never one that is hidden, or leads elsewhere."""
    cases = {
        "http://h/a/f.gguf?x=1": "f.gguf",
        "http://h/a/": "",
        "http://h/a/%2e%2e": "",
        "http://h/a/..%2f..%2fetc%2fpasswd": "",
        "http://h/.bashrc": "",
        "http://h/a%00b": "",
    }
    assert {url: Artefact(url=url).name for url in cases} == cases
    assert not is_name("a\u202eb")


async def test_a_pause_ends_every_connection(bench: Bench, server: FileServer) -> None:
    """Nothing goes on behind the back of who cancelled."""
    server.answer = lambda _, honest: Reply(honest.status, honest.body, honest.headers, stall=100)
    task = asyncio.get_running_loop().create_task(bench.download(server).run())
    await reached(lambda: len(server.asked) >= 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    asked = len(server.asked)
    await asyncio.sleep(0.05)
    assert len(server.asked) == asked
