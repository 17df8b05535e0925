"""`modelport config check --live`: whether what a file declares would work, before any server reads it."""

import asyncio
import json
from pathlib import Path

from tests.cli.program import Shell
from tests.preflight.server import answering, chat, listing, serving

TEXT = """\
models:
  good:
    endpoints: [{{base_url: "{url}", upstream_model: qwen3, api_key: "env:KEY_OF_IT"}}]
  off:
    state: disabled
    endpoints: [{{base_url: "http://127.0.0.1:9/v1"}}]
"""
BAD = """\
  bad:
    endpoints: [{base_url: "http://127.0.0.1:9/v1"}]
  keyless:
    endpoints: [{base_url: "http://127.0.0.1:9/v1", api_key: "env:NOT_THERE"}]
"""
MORE = "                    start it, or check the port: 11434 Ollama, 8000 vLLM, 8080 llama.cpp, 1234 LM Studio"


async def test_declared_endpoints_are_called(tmp_path: Path) -> None:
    """With the keys of this shell; exit 12 when one would not work; what is switched off is not asked."""
    shell, file = Shell(tmp_path, {"KEY_OF_IT": "sk-0123456789abcdef"}), tmp_path / "modelport.yaml"
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        file.write_text(TEXT.format(url=server.url))
        good = await asyncio.to_thread(shell.run, "config", "check", "--live")
        assert good.code == 0, good.err
        assert [line.split()[:3] for line in good.out.splitlines()] == [
            ["good:", "pass", "address"],
            ["good:", "pass", "existence"],
            ["good:", "pass", "trial"],
        ]
        assert "nothing is wrong; 1 endpoint was checked" in good.err
        assert {one.headers.get("authorization") for one in server.calls()} == {"Bearer sk-0123456789abcdef"}
        file.write_text(TEXT.format(url=server.url) + BAD)
        plain = await asyncio.to_thread(shell.run, "config", "check")
        assert plain.code == 0
        bad = await asyncio.to_thread(shell.run, "config", "check", "--live")
        told = await asyncio.to_thread(shell.run, "config", "check", "--live", "-o", "json")
    assert (bad.code, told.code) == (12, 12)
    lines = bad.out.splitlines()
    assert lines[lines.index(MORE) - 1].startswith("bad: fail     existence  nothing listens on 127.0.0.1:9")
    assert "the environment variable NOT_THERE is not set" in bad.out
    assert "2 of 3 endpoints would not work" in bad.err
    assert "0123456789abcdef" not in bad.out + bad.err + told.out
    verdicts = {one["key"]: one["verdict"] for one in json.loads(told.out)}
    assert verdicts == {
        "models.good.endpoints.0": "pass",
        "models.bad.endpoints.0": "fail",
        "models.keyless.endpoints.0": "fail",
    }
