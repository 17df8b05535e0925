"""Secrets are planted, the product is used well and badly, and then everything that it wrote is looked through."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.app.caller import UNCHECKED, Answer, Caller
from tests.app.canaries import Canaries, Heard, files_below, found
from tests.cli.server import running_server
from tests.fakes.scenarios import completion, event
from tests.fakes.script import answer, event_stream
from tests.fakes.upstream import Upstream

SECRETS = Canaries()
GOOD, STREAM, BROKEN = "mark-00000000aaaa", "mark-00000000bbbb", "mark-00000000cccc"
REFUSED, FAILED, HTML = "mark-00000000dddd", "mark-00000000eeee", "mark-00000000ffff"


@dataclass(slots=True)
class Story:
    """What happened: everything told to callers, written to disk and to the log, and what upstreams were sent."""

    keys: dict[str, str] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    log: bytes = b""
    disk: dict[str, bytes] = field(default_factory=dict)
    upstream: list[bytes] = field(default_factory=list)


@pytest.fixture
async def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: Caller, upstream: Upstream) -> Story:
    """Give the whole of it: a real process with every line of its log on, stopped before anything is looked at."""
    monkeypatch.setenv("UPSTREAM_CANARY", SECRETS.env)
    monkeypatch.setenv("MODELPORT_LOG__LEVEL", "debug")
    _script(upstream)
    story = Story()
    with running_server(tmp_path) as server:
        secret_file = server.data_dir / "secrets" / "upstream"
        secret_file.parent.mkdir(mode=0o700, exist_ok=True)
        secret_file.touch(0o600)
        secret_file.write_text(SECRETS.file)
        admin = caller.at(server.url).keyed(server.key)
        story.keys["admin"] = server.key
        await _publish(story, admin, upstream)
        await _call(story, admin)
        await _fail(story, admin)
        await _read_everything(story, admin)
    story.log = (tmp_path / "log").read_bytes()
    story.disk = files_below(server.data_dir)
    story.upstream = [record.head for record in upstream.journal.records]
    return story


def _script(upstream: Upstream) -> None:
    """An upstream that is as talkative as they come."""
    said = f"Incorrect API key provided: {SECRETS.refused}"
    upstream.scripts |= {
        GOOD: answer(200, completion(SECRETS.answer)),
        STREAM: event_stream().events(event(SECRETS.answer), event(finish="stop"), b"data: [DONE]\n\n").end(),
        BROKEN: event_stream().events(event(SECRETS.answer)).rst(),
        REFUSED: answer(401, b'{"error":{"message":"%s"}}' % said.encode(), {"WWW-Authenticate": SECRETS.refused}),
        FAILED: answer(500, said.encode(), {"Content-Type": "text/plain", "X-Debug": SECRETS.refused}),
        HTML: answer(502, b"<h1>%s</h1>" % said.encode(), {"Content-Type": "text/html", "Set-Cookie": SECRETS.refused}),
    }


async def _publish(story: Story, admin: Caller, upstream: Upstream) -> None:
    """A model for each way to keep an upstream's key, and a caller's key of each kind."""
    ways = {"stored": SECRETS.stored, "env": "env:UPSTREAM_CANARY", "file": "file:upstream", "refused": SECRETS.refused}
    for name, api_key in ways.items():
        body = {"name": name, "endpoints": [{"base_url": upstream.url, "api_key": api_key}]}
        await _note(story, admin, "POST", f"api/v1/models{UNCHECKED}", body, Idempotency_Key=f"make-{name}")
    again = {"model": "stored", "team": "default", "base_url": f"{upstream.url}2", "api_key": SECRETS.stored}
    for _ in range(2):
        path = f"api/v1/endpoints{UNCHECKED}"
        await _note(story, admin, "POST", path, {**again, "weight": 0}, Idempotency_Key="again")
    for name in ("called", "rotated", "revoked"):
        made = (await admin.post("api/v1/keys", {"name": name})).json  # the one answer that shows it: not noted
        story.keys[name] = made["key"]
        if name == "rotated":
            turned = await admin.call("POST", f"api/v1/keys/{made['id']}/rotate")
            story.keys["turned"] = turned.json["key"]
        if name == "revoked":
            await _note(story, admin, "POST", f"api/v1/keys/{made['id']}/revoke")


async def _call(story: Story, admin: Caller) -> None:
    """Good calls with each key, by each header."""
    for name in ("stored", "env", "file"):
        await _chat(story, admin, name, GOOD)
        await _chat(story, admin.keyed(story.keys["called"]), name, STREAM, stream=True)
    other = admin.having(Authorization="", x_api_key=story.keys["turned"])
    await _chat(story, other, "stored", GOOD)
    await _chat(story, admin.having(Cookie=SECRETS.query, X_Secret=SECRETS.query), "stored", GOOD)


async def _fail(story: Story, admin: Caller) -> None:
    """Everything that can go wrong with a secret in hand."""
    for mark in (REFUSED, FAILED, HTML):
        await _chat(story, admin, "refused", mark)
    await _chat(story, admin, "stored", BROKEN, stream=True)
    for key in (SECRETS.presented, story.keys["revoked"], story.keys["called"][:-1]):
        await _chat(story, admin.keyed(key), "stored", GOOD)
    await _note(story, admin, "GET", f"v1/models?api_key={SECRETS.query}")
    await _note(story, admin, "GET", f"api/v1/models?api_key={SECRETS.query}")
    prompt = b'{"model":"stored","messages":"%s",' % SECRETS.prompt.encode()
    for broken in (prompt, prompt + b'"a":1,"model":"x"}', prompt + b'"n":NaN}'):
        await _note(story, admin, "POST", "v1/chat/completions", broken)
    wrong: tuple[dict[str, Any], ...] = (
        {"api_key": {"value": SECRETS.misplaced}},
        {"api_key": [SECRETS.misplaced]},
        {"apikey": SECRETS.misplaced},
        {"weight": SECRETS.misplaced},
        {"api_key": f"keyring:{SECRETS.misplaced}"},
        {"base_url": f"https://user:{SECRETS.misplaced}@example.com/v1"},
    )
    for fields in wrong:
        body = {"name": "wrong", "endpoints": [{"base_url": "http://127.0.0.1:9/v1", **fields}]}
        await _note(story, admin, "POST", "api/v1/models", body)


async def _read_everything(story: Story, admin: Caller) -> None:
    """Every list, every object, the numbers and the description."""
    for noun in ("models", "endpoints", "aliases", "teams", "gateways", "keys"):
        page = (await _note(story, admin, "GET", f"api/v1/{noun}?limit=200")).json
        for item in page["items"]:
            await _note(story, admin, "GET", f"api/v1/{noun}/{item.get('uid') or item['id']}")
    for path in ("me", "resolve?model=stored", "usage?group_by=key&group_by=model"):
        await _note(story, admin, "GET", f"api/v1/{path}")
    for path in ("metrics", "api/openapi.json", "api/docs", "v1/models", "v1/models/stored", "-/ready"):
        await _note(story, admin, "GET", path)


async def _note(story: Story, caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    return story.heard.note(f"{method} {path}", await caller.call(method, path, body, **headers))


async def _chat(story: Story, caller: Caller, model: str, mark: str, *, stream: bool = False) -> None:
    """Call a model; of a good answer the text is the caller's, so it is taken out before the answer is kept."""
    messages = [{"role": "user", "content": f"{mark} {SECRETS.prompt}"}]
    try:
        said = await caller.post("v1/chat/completions", {"model": model, "stream": stream, "messages": messages})
    except Exception as error:  # noqa: BLE001 - a stream that was cut: what it said is kept as well
        story.heard.texts[f"cut stream of {model}"] = str(error).encode()
        return
    story.heard.note(
        f"{model} {mark}", Answer(said.status, said.headers, said.body.replace(SECRETS.answer.encode(), b""))
    )


async def test_no_secret_stands_where_it_must_not(story: Story) -> None:
    """SEC-4, SEC-5, KEY-4: answers, errors, log, numbers, description, database."""
    upstream = {f"upstream key {i}": one for i, one in enumerate(SECRETS.upstream)}
    callers = {f"key {name}": text for name, text in story.keys.items()}
    secrets = {f"secret of key {name}": text[19:62] for name, text in story.keys.items()}
    told = {"wrong key": SECRETS.presented, "key in a query": SECRETS.query, "misplaced": SECRETS.misplaced}
    talk = {"prompt": SECRETS.prompt, "answer": SECRETS.answer}
    roots = {name: story.disk[name].decode().strip() for name in ("pepper", "key-encryption-key")}
    private = {name for name in story.disk if name in roots or name.startswith("secrets/")}
    disk = {name: content for name, content in story.disk.items() if name not in private}
    assert found(upstream | callers | secrets | told | roots, story.heard.texts) == []
    assert found({"prompt": SECRETS.prompt}, story.heard.texts) == []
    assert found(upstream | callers | secrets | told | talk | roots, {"log": story.log}) == []
    assert found(upstream | callers | secrets | told | talk | roots, disk) == []


async def test_the_search_would_find_them(story: Story) -> None:
    """The story is what it claims: keys were used, hints are shown, calls ended well and badly, the log has lines."""
    told = b"".join(story.heard.texts.values())
    assert b"7fQ2" in told
    statuses = {int(found[1]) for name in story.heard.texts if (found := re.search(r"\((\d+)\)$", name))}
    assert {200, 201, 400, 401, 422, 502} <= statuses
    assert story.log.count(b'"event":"request"') > 10
    assert any(name.startswith("modelport.db") for name in story.disk)


async def test_an_upstream_sees_its_own_key_and_never_a_callers(story: Story) -> None:
    """Its credential, each from its own source; no key, cookie or unlisted header of the caller (HDR-1)."""
    sent = [dict(re.findall(rb"(?m)^([^:\r\n]+): ([^\r\n]*)\r", head)) for head in story.upstream]
    bearers = {one.get(b"Authorization", b"").decode() for one in sent}
    assert bearers == {f"Bearer {key}" for key in SECRETS.upstream}
    heads = {f"request {number}": head for number, head in enumerate(story.upstream)}
    assert found({**story.keys, "query": SECRETS.query}, heads) == []
