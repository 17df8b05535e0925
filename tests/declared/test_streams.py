"""A running call when its model leaves the file: it goes on, nothing new is let in, and then the model is deleted."""

import json

from tests.app.caller import until
from tests.dataplane.house import chat, mark, refused
from tests.declared.house import QUIET, Living
from tests.fakes.scenarios import DONE, ONE, STOP
from tests.fakes.script import event_stream
from tests.fakes.upstream import Upstream

LIMIT_S = 30.0


async def test_a_stream_goes_on_when_its_model_leaves_the_file(house: Living, upstream: Upstream) -> None:
    """Its connection stays; a new call is refused at once; when it has ended the model is deleted, and restorable."""
    text = f"models:\n  qwen3:\n    endpoints: [{{base_url: '{upstream.url}'}}]\n"
    async with house(text) as product:
        uid = (await product.admin.show("api/v1/models"))["items"][0]["uid"]
        marker = mark()
        upstream.scripts[marker] = event_stream().events(ONE).gate().events(STOP, DONE).end()
        body = json.dumps(chat("qwen3", marker, stream=True)).encode()
        caller = product.admin.having(Content_Type="application/json")
        url = f"{caller.address}v1/chat/completions"
        async with caller.session.post(url, data=body, headers=caller.headers) as response:
            await response.content.readuntil(b"\n\n")
            status = await product.write(QUIET + "models: {}\n")
            assert (status.successful, status.changes) == (True, ("- model qwen3",))
            assert (await product.admin.show(f"api/v1/models/{uid}"))["state"] == "draining"
            refused(await product.admin.chat("qwen3"), 404, "model_retired")
            upstream.open_gate(marker)
            assert (await response.content.read()).endswith(b"data: [DONE]\n\n")

        async def is_deleted() -> bool:
            return bool((await product.admin.show(f"api/v1/models/{uid}"))["state"] == "deleted")

        await until(is_deleted, within_s=LIMIT_S)
        status = await product.write(QUIET + text)
        assert status.changes[-1] == "+ model qwen3 (restored)"
        assert (await product.admin.chat("qwen3")).status == 200
        assert (await product.admin.show("api/v1/models"))["items"][0]["uid"] == uid
