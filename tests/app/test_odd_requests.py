"""Strings that opened other gateways, sent through every route: Host headers, keys, ids and filters."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from gateway.api.operation import OPERATIONS
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.app.walk import data_plane, management
from tests.fakes.upstream import Upstream

HOSTS = (  # CVE-2026-49468: a part of the Host was taken for the path that authorisation looked at
    "localhost:4000/#@x",
    "localhost/-/healthy",
    "localhost?/-/healthy",
    "localhost#/-/healthy",
    "user@localhost",
    "localhost:80:80",
    "localhost:0x50",
    "localhost:",
    "[::1",
    "",
)
INJECTIONS = (  # CVE-2026-42208: a key went into SQL as text
    "' OR '1'='1",
    "' OR 1=1 --",
    "x'; DROP TABLE keys; --",
    '" OR ""="',
    "mp_live_' OR '1'='1",
    "mp_live_0123456789_' OR '1'='1' --" + " " * 30,
    "%27%20OR%201=1",
    "\\'; --",
)
MOUNTS = ("v1/", "access/models/default/")


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product with one model."""
    async with start() as running:
        await running.publish("qwen3", upstream.url)
        yield running


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_that_is_none_is_refused_on_every_route(product: Installation, host: str) -> None:
    """Before the key is looked at, on public routes too, and never repeated in the answer (RES-4, RES-5)."""
    for step in (*management(product), *data_plane("v1/")):
        caller = product.admin if step.any_of else product.anonymous
        answer = await caller.having(Host=host).call(step.method, step.path, step.body)
        assert (answer.status, answer.code) == (400, "bad_host"), f"{step}: {answer.text}"
        assert len(host) < 9 or host not in answer.text


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "api-key"])
async def test_sql_in_a_key_opens_nothing(product: Installation, header: str) -> None:
    """KEY-9: the same 401 as for any wrong key, and the keys are still there."""
    for text in INJECTIONS:
        value = f"Bearer {text}" if header == "Authorization" else text
        for path in ("api/v1/models", "v1/models"):
            answer = await product.stranger.having(**{header: value}).get(path)
            assert answer.status in {401, 429}, answer.text
            assert "sql" not in answer.text.lower()
    assert (await product.admin.get("api/v1/me")).status == 200


async def test_sql_in_a_key_opens_no_route(product: Installation) -> None:
    """Each one, once."""
    caller = product.stranger.keyed(INJECTIONS[0])
    for step in (*management(product), *data_plane(*MOUNTS)):
        if step.any_of:
            answer = await caller.call(step.method, step.path, step.body)
            assert answer.status in {401, 429}, f"{step}: {answer.text}"


@pytest.mark.parametrize(
    "text", [INJECTIONS[0], INJECTIONS[2], "..", "%00", "\x00", "é", "🦊", "a" * 5000, "${7*7}", "{{7*7}}"]
)
async def test_odd_ids_are_unknown_and_no_fault_of_ours(product: Installation, text: str) -> None:
    """By path, query and body: a 4xx, and no trace of a database in it."""
    await product.admin.make("keys", name="witness")
    nouns = ("models", "endpoints", "aliases", "teams", "gateways", "keys")
    for step in management(product, dict.fromkeys(nouns, text)):
        answer = await product.admin.call(step.method, step.path, step.body)
        assert answer.status in {200, 400, 404, 414, 422}, f"{step}: {answer.status} {answer.text}"
    for step in data_plane(*MOUNTS):
        answer = await product.admin.call(step.method, step.path.replace("obj_" + "a" * 20, quote(text)), step.body)
        assert answer.status < 500, f"{step}: {answer.status} {answer.text}"
    assert len((await product.admin.show("api/v1/keys"))["items"]) == 2


PATTERNS = {("api/v1/audit?action=", "*"), ("api/v1/audit/export?action=", "*")}
"""The one filter that takes a star, and what it says there."""


SEARCHES = {"api/v1/catalogue/models?q="}
"""Free text: words of an injection are words there."""


async def test_odd_filters_find_nothing(product: Installation) -> None:
    """Nothing is found that was not asked for, whatever the text means to a database or a shell."""
    paths = [
        f"{one.path.removeprefix('/')}?{field.alias or name}="
        for one in product.app[OPERATIONS]
        if one.query is not None and one.method == "GET"
        for name, field in one.query.model_fields.items()
    ]
    for text in (INJECTIONS[0], "%", "_", "*", "\x00", "é", "[", "a" * 3000):
        for path in (f"{start}{quote(text, safe='')}" for start in paths if (start, text) not in PATTERNS):
            answer = await product.admin.get(path)
            assert answer.status in {200, 400, 404, 414, 422}, f"{path}: {answer.status} {answer.text}"
            if answer.status == 200 and answer.headers["Content-Type"].startswith("application/x-ndjson"):
                assert answer.text == "", f"{path}: {answer.text}"
            elif answer.status == 200 and "items" in answer.json and not path.startswith(tuple(SEARCHES)):
                assert answer.json["items"] == [], f"{path}: {answer.text}"


async def test_a_path_cannot_leave_its_route(product: Installation, upstream: Upstream) -> None:
    """RES-6: dot segments and encoded slashes reach neither another route nor another path upstream."""
    seen = len(upstream.journal.records)
    for path in (
        "v1/../api/v1/keys",
        "v1/%2e%2e/api/v1/keys",
        "access/models/default/..%2f..%2f..%2fapi/v1/keys",
        "access/models/default/../../../-/healthy",
        "v1/files/..%2f..%2fadmin",
        "v1/files/%2e%2e/content",
        "//api/v1/keys",
        "api//v1/keys",
        "api/v1/keys/",
    ):
        answer = await product.anonymous.get(path)
        assert answer.status in {400, 404}, f"{path}: {answer.status} {answer.text}"
    assert len(upstream.journal.records) == seen
