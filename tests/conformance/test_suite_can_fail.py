"""The suite's own proof: on a plain proxy with default settings the rows fail that the specification names.

"A" in the table of proxy_behaviour.md is such a proxy. A test that passed here as well would hold nothing.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conformance.modelport import UpstreamProcess
from tests.conformance.runner import Result, collect, run_all
from tests.conformance.target import OneModel, Target

FAILS = (
    "PRX-1", "PRX-2", "PRX-3", "PRX-4", "PRX-13", "PRX-14", "PRX-15", "PRX-16", "PRX-17", "PRX-18", "PRX-19", "PRX-20",
    "PRX-21", "PRX-24", "PRX-26", "PRX-28", "PRX-29", "PRX-30", "PRX-31", "PRX-32", "PRX-33", "PRX-34", "PRX-38",
    "PRX-39", "PRX-42",
)  # fmt: skip
"""Ids of which at least one test must fail on it."""
PASSES = ("PRX-5", "PRX-6", "PRX-7", "PRX-8", "PRX-9", "PRX-10", "PRX-43")
"""Ids of which every test passes on it: bytes that nobody touches arrive."""
TOO_SLOW = ("inside a chunk", "broken chunk size", "giant", "multipart", "compressed")
"""Tests that add seconds and no further id."""


@pytest.fixture
def naive_target(upstream: UpstreamProcess) -> Iterator[Target]:
    """Give the plain proxy as a target."""
    command = [sys.executable, "-m", "tests.fakes.naive_proxy", "--upstream", f"http://127.0.0.1:{upstream.port}/v1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout
            base_url = json.loads(process.stdout.readline())["base_url"]
            yield Target.of(base_url, "any-key", OneModel("scripted-model"), upstream.control, upstream.port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


async def test_a_plain_proxy_fails_where_the_specification_says_so(naive_target: Target) -> None:
    """Each row that "A" gets wrong has a test that notices; each that it gets right has none that complains."""
    wanted = {*FAILS, *PASSES}
    chosen = [
        test
        for test in collect()
        if test.id in wanted and not test.alone and not any(word in test.name for word in TOO_SLOW)
    ]
    results = await run_all([naive_target] * 8, chosen)
    unnoticed = set(FAILS) - {result.test.id for result in results if result.verdict == "FAIL"}
    assert not unnoticed, f"no test failed for {sorted(unnoticed)}"
    assert not [_told(r) for r in results if r.verdict == "FAIL" and r.test.id in PASSES]


def _told(result: Result) -> str:
    return f"{result.test.id} {result.test.name}: {result.why}"
