"""Every refusal of ours links to what is written about its code, on the server that gave it (UX-6)."""

import re

import pytest

from tests.app.caller import Answer, Caller
from tests.app.conftest import Start
from tests.docs.error_words import WORDS
from tests.fakes.script import answer
from tests.fakes.upstream import Upstream

_LINK = re.compile(r'<(/[^>]*)#(\w+)>; rel="help"')


@pytest.mark.parametrize("mount", ["/", "/ai/"])
async def test_a_refusal_links_to_its_words(start: Start, mount: str) -> None:
    """On the management API and on the data plane, of the middlewares and of the handlers."""
    async with start(server={"mount": mount}) as product:
        refused = [
            await product.admin.get("api/v1/models/nobody"),
            await product.admin.post("api/v1/models", {"name": "no spaces please"}),
            await product.admin.get("api/v1/nothing/here"),
            await product.admin.chat("nobody"),
            await product.stranger.chat("nobody"),
            await product.admin.call("POST", "v1/chat/completions", b"{"),
        ]
        for one in refused:
            await _is_explained(product.anonymous, one, mount)
        assert len({one.code for one in refused}) > 3


async def _is_explained(caller: Caller, refused: Answer, mount: str) -> None:
    found = _LINK.fullmatch(refused.headers["Link"])
    assert found, refused.headers
    assert found[2] == refused.code
    assert found[1].startswith(mount)
    page = await caller.get(found[1].removeprefix(mount))
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<section id="{refused.code}">' in page.text


async def test_an_upstreams_own_refusal_has_no_link(start: Start, upstream: Upstream) -> None:
    """Its words are its own."""
    mark = "mark-00000000d0c5"
    upstream.scripts[mark] = answer(422, b'{"error":{"message":"no","code":"theirs"}}')
    async with start() as product:
        await product.publish("qwen3", upstream.url)
        refused = await product.admin.chat("qwen3", mark)
    assert (refused.status, refused.code, "Link" in refused.headers) == (422, "theirs", False)


async def test_a_gateway_has_no_page_and_no_link(start: Start) -> None:
    """It answers calls and nothing else."""
    async with start(role="gateway") as product:
        refused = await product.stranger.chat("nobody")
    assert (refused.status, "Link" in refused.headers) == (401, False)


def test_the_words_are_sentences() -> None:
    """Each says what, and what to do; the first begins with a capital and both end with a full stop."""
    for code, said in WORDS.items():
        for sentence in said:
            assert re.match(r"[A-Z`]", sentence), code
            assert sentence.endswith("."), code
