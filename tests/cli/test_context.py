"""Contexts: several servers under names; which one is spoken to, and whose key goes there."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.cli.fake import Fake, page, running_fake
from tests.cli.program import Ended, Shell

KEY = "mp_live_of_the_context"
TEAMS = "GET /api/v1/teams"


@pytest.fixture
async def fakes() -> AsyncIterator[tuple[Fake, Fake]]:
    """Give two servers that know no team."""
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(running_fake()) for _ in range(2)]
        for one in both:
            one.answers[TEAMS] = page()
        yield both[0], both[1]


async def _run(shell: Shell, *arguments: str, typed: str = "") -> Ended:
    return await asyncio.to_thread(lambda: shell.run(*arguments, typed=typed))


def _sent(fake: Fake) -> Iterator[str | None]:
    return (request.headers.get("Authorization") for request in fake.seen)


async def test_the_strongest_word_names_the_server(shell: Shell, fakes: tuple[Fake, Fake]) -> None:
    """Flag, then variable, then current context; each time the server is told with who named it."""
    here, there = fakes
    assert (await _run(shell, "context", "add", "here", here.url)).code == 0
    assert (await _run(shell, "context", "add", "there", there.url)).code == 0
    for words, variables, asked in [
        ((), {}, here),
        (("--context", "there"), {}, there),
        ((), {"MODELPORT_CONTEXT": "there"}, there),
        ((), {"MODELPORT_CONTEXT": "here", "MODELPORT_URL": there.url}, there),
        (("--context", "here"), {"MODELPORT_URL": there.url}, here),
        (("--server", there.url), {"MODELPORT_URL": here.url}, there),
        (("--server", there.url, "--context", "here"), {}, there),
    ]:
        for one in fakes:
            one.seen.clear()
        assert (await _run(shell.having(**variables), "teams", "list", *words)).code == 0
        assert [bool(one.seen) for one in fakes] == [one is asked for one in fakes], (words, variables)
    assert (await _run(shell, "context", "use", "there")).code == 0
    here.seen.clear()
    assert (await _run(shell, "teams", "list")).code == 0
    assert here.seen == []


async def test_a_context_s_key_goes_to_its_server_alone(shell: Shell, fakes: tuple[Fake, Fake]) -> None:
    """Promise 3: with another server it stays where it is; MODELPORT_KEY goes before the current context's key."""
    here, there = fakes
    added = await _run(shell, "context", "add", "here", here.url, "--token-file", "-", typed=f"{KEY}\n")
    assert added.code == 0, added.err
    await _run(shell, "teams", "list")
    await _run(shell.having(MODELPORT_KEY="mp_live_mine"), "teams", "list")
    await _run(shell.having(MODELPORT_KEY="mp_live_mine"), "teams", "list", "--context", "here")
    assert list(_sent(here)) == [f"Bearer {KEY}", "Bearer mp_live_mine", f"Bearer {KEY}"]
    await _run(shell, "teams", "list", "--server", there.url)
    await _run(shell.having(MODELPORT_URL=there.url), "teams", "list")
    assert list(_sent(there)) == [None, None]


async def test_a_key_is_kept_beside_and_never_shown(shell: Shell, fakes: tuple[Fake, Fake]) -> None:
    """Both files are their owner's alone; no form of any command shows the key; it goes with its context."""
    await _run(shell, "context", "add", "prod", fakes[0].url, "--token-file", "-", typed=KEY)
    folder = shell.folder / ".config" / "modelport"
    files = [folder / "contexts.json", folder / "keys" / "prod"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert KEY not in files[0].read_text()
    for words in (("list",), ("show",), ("show", "prod"), ("list", "-o", "json"), ("show", "prod", "-o", "yaml")):
        ended = await _run(shell, "context", *words)
        assert (ended.code, KEY in ended.out + ended.err) == (0, False)
    assert (await _run(shell, "context", "remove", "prod")).code == 2  # nobody can be asked
    assert files[1].exists()
    assert (await _run(shell, "context", "remove", "prod", "--yes")).code == 0
    assert not files[1].exists()


async def test_a_key_may_stay_where_it_is(shell: Shell, fakes: tuple[Fake, Fake]) -> None:
    """A reference is read when it is needed; one that leads nowhere is one sentence with the way out."""
    await _run(shell, "context", "add", "prod", fakes[0].url, "--key-from", "env:PROD_KEY")
    missing = await _run(shell, "teams", "list")
    assert (missing.code, missing.out) == (2, "")
    assert "PROD_KEY, which is not set" in missing.err
    assert (await _run(shell.having(PROD_KEY=KEY), "teams", "list")).code == 0
    assert list(_sent(fakes[0])) == [f"Bearer {KEY}"]
    (shell.folder / "open").write_text(KEY)
    (shell.folder / "open").chmod(0o644)
    where = shell.folder / "open"
    await _run(shell, "context", "add", "prod", fakes[0].url, "--key-from", f"file:{where}", "--yes")
    readable = await _run(shell, "teams", "list")
    assert (readable.code, f"chmod 600 {where}" in readable.err) == (2, True)


def test_a_key_typed_where_a_reference_belongs_is_refused(shell: Shell) -> None:
    """Exit 2, and it is not repeated."""
    ended = shell.run("context", "add", "prod", "https://models.example.com", "--key-from", KEY)
    assert (ended.code, KEY in ended.out + ended.err) == (2, False)
    assert "--token-file" in ended.err


def test_a_failure_says_which_server_and_who_named_it(shell: Shell) -> None:
    """Else one looks for the fault at the wrong place."""
    shell.run("context", "add", "gone", "http://127.0.0.1:9/ai/")
    by_context = shell.run("teams", "list")
    assert (by_context.code, by_context.out) == (11, "")
    assert "Server: http://127.0.0.1:9/ai/ (from context 'gone', the current one)" in by_context.err
    assert "(from --server)" in shell.run("teams", "list", "--server", "http://127.0.0.1:9").err
    assert "(from MODELPORT_URL)" in shell.having(MODELPORT_URL="http://127.0.0.1:9").run("teams", "list").err


def test_an_unknown_context_is_answered_with_the_nearest(shell: Shell) -> None:
    """Exit 3, wherever it is named."""
    shell.run("context", "add", "production", "http://127.0.0.1:9")
    for words in (("context", "use", "prodution"), ("teams", "list", "--context", "prodution")):
        ended = shell.run(*words)
        assert (ended.code, ended.out) == (3, "")
        assert "did you mean 'production'?" in ended.err


@pytest.mark.parametrize("text", ["{", "[]", '{"contexts": {"a": {}}}', '{"contexts": {"a": {"server": 3}}}'])
def test_a_broken_file_is_one_sentence_and_hinders_no_local_command(shell: Shell, text: str) -> None:
    """Exit 2 names the file and how to move it away; `version` needs no server."""
    folder = shell.folder / ".config" / "modelport"
    folder.mkdir(parents=True)
    (folder / "contexts.json").write_text(text)
    ended = shell.run("teams", "list")
    assert (ended.code, "contexts.json" in ended.err, "Traceback" in ended.err) == (2, True, False)
    assert shell.run("version").code == 0


def test_the_folder_follows_xdg(shell: Shell) -> None:
    """$XDG_CONFIG_HOME/modelport, and a relative one counts for nothing."""
    elsewhere = shell.having(XDG_CONFIG_HOME=str(shell.folder / "xdg"))
    assert elsewhere.run("context", "path").out == f"{shell.folder}/xdg/modelport\n"
    assert shell.having(XDG_CONFIG_HOME="here").run("context", "path").out == f"{shell.folder}/.config/modelport\n"


def test_a_team_of_a_context_is_the_one_that_names_belong_to(admin: Shell) -> None:
    """--team goes before it."""
    admin.run("context", "add", "ours", admin.variables["MODELPORT_URL"], "--team", "default")
    plain = Shell(admin.folder, {"MODELPORT_KEY": admin.variables["MODELPORT_KEY"]})
    assert json.loads(plain.run("context", "show", "-o", "json").out)["team"] == "default"
    assert plain.run("models", "show", "echo").code == 0
    assert plain.run("models", "show", "echo", "--team", "nobody").code == 3


def test_a_dry_run_writes_nothing(shell: Shell) -> None:
    """Nor the key."""
    ended = shell.run("context", "add", "prod", "http://127.0.0.1:9", "--token-file", "-", "--dry-run", typed=KEY)
    assert (ended.code, "Dry run" in ended.err) == (0, True)
    assert not (shell.folder / ".config").exists()
