"""The database goes away under a running product: calls go on from memory, managing says 503, nothing hangs (CMP-6)."""

import time
from contextlib import ExitStack

from tests.app.caller import until
from tests.app.conftest import Start
from tests.fakes.upstream import Upstream
from tests.postgres import Cluster, running_cluster

STOP_LIMIT_S = 20.0  # drains that find no database give up long before


async def test_calls_go_on_while_the_database_is_away(start: Start, upstream: Upstream) -> None:
    """Keys and routes are in memory; whoever manages is told to come back; the process ends in order."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster())
        cluster.administrator.run("CREATE DATABASE modelport")
        async with start(database={"url": cluster.url("modelport")}) as product:
            await product.publish("qwen3", upstream.url)
            assert (await product.admin.chat("qwen3")).status == 200
            stack.close()
            for _ in range(3):
                assert (await product.admin.chat("qwen3")).status == 200
            assert (await product.admin.get("-/ready")).status == 200
            assert (await product.admin.get("v1/models")).status == 200
            for refused in (
                await product.admin.get("api/v1/models"),
                await product.admin.post("api/v1/keys", {"name": "x"}),
            ):
                assert (refused.status, refused.code) == (503, "database_busy"), refused.text
                assert int(refused.headers["Retry-After"]) >= 1
                assert str(cluster.directory) not in refused.text
            began = time.monotonic()
        assert time.monotonic() - began < STOP_LIMIT_S


async def test_a_lost_connection_is_made_again(start: Start, postgresql: Cluster, upstream: Upstream) -> None:
    """An administrator, or a fail-over, ends every connection: the next request does not notice."""
    postgresql.administrator.run("CREATE DATABASE lost")
    async with start(database={"url": postgresql.url("lost")}) as product:
        await product.publish("qwen3", upstream.url)
        postgresql.administrator.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
        assert (await product.admin.get("api/v1/models")).status == 200
        await product.publish("qwen4", upstream.url)
        assert (await product.admin.chat("qwen4")).status == 200

        async def counted() -> bool:
            return bool((await product.admin.show("api/v1/usage"))["total"]["requests"])

        await until(counted)
    postgresql.administrator.run("DROP DATABASE lost WITH (FORCE)")
