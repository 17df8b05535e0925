"""The program trusts whom the system trusts, or whom SSL_CERT_FILE names, when it calls an https upstream."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.upstream.test_tls import self_signed
from tests.ux.start import started


async def test_ssl_cert_file_names_an_authority(tmp_path: Path) -> None:
    """Importing aiohttp takes no authority into the process; the first https connect reads them."""
    ca_file, context = self_signed(tmp_path)
    app = web.Application()

    async def models(_request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})

    app.router.add_get("/v1/models", models)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    url = f"https://127.0.0.1:{server.port}/v1"
    trusting = await asyncio.to_thread(_checked, tmp_path / "trusting", url, SSL_CERT_FILE=str(ca_file))
    wary = await asyncio.to_thread(_checked, tmp_path / "wary", url)
    await server.close()
    assert [one["verdict"] for one in trusting if one["stage"] == "existence"] == ["pass"]
    assert "self-signed" in json.dumps(wary)


def _checked(folder: Path, url: str, **variables: str) -> list[dict[str, object]]:
    folder.mkdir()
    with started(folder, **variables) as server:
        key = re.search(r"mp_live_\S+", server.greeting)
        assert key, server.greeting
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "gateway",
                "check",
                url,
                "--live",
                "--model",
                "m",
                "--server",
                server.url,
                "-o",
                "json",
            ],
            env={**os.environ, "MODELPORT_KEY": key[0]},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    stages: list[dict[str, object]] = json.loads(done.stdout)["endpoints"][0]["stages"]
    return stages
