"""`modelport download` as a person and a script see it."""

import asyncio
import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.downloads.parts import PART
from tests.cli.program import PROGRAM, Shell
from tests.downloads.server import Asked, FileServer, Reply, serving
from tests.publish.publishing import peak_of

SIZE = 2 * PART + 1000


@contextmanager
def in_a_thread(size: int) -> Iterator[FileServer]:
    """Give a file server in a thread of its own, with a file of this size."""
    ready, done = threading.Event(), threading.Event()
    made: list[FileServer] = []

    async def serve() -> None:
        async with serving(size) as one:
            made.append(one)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield made[0]
    finally:
        done.set()
        thread.join(30)


@pytest.fixture
def files() -> Iterator[FileServer]:
    """Give a server with a file of three parts."""
    with in_a_thread(SIZE) as one:
        yield one


def events(text: str) -> list[dict[str, Any]]:
    """Return the lines of stdout."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_pipe_gets_a_line_for_each_step(shell: Shell, files: FileServer) -> None:
    """Progress with bytes, total, rate, eta and phase; verify is one of its own; the last line is the result."""
    ended = shell.run("download", files.url, "--sha256", files.sha256, "--to", "models")
    assert (ended.code, ended.err) == (0, "")
    *steps, last = events(ended.out)
    assert {"bytes", "total", "rate", "eta", "phase", "event"} == steps[0].keys()
    assert {one["phase"] for one in steps} == {"fetch", "verify"}
    assert last["event"] == "done"
    assert (last["path"], last["size"], last["verified"]) == ("models/f.gguf", SIZE, True)
    assert (shell.folder / "models" / "f.gguf").read_bytes() == files.content
    again = shell.run("download", files.url, "--sha256", files.sha256.upper(), "--to", "models")
    assert (again.code, events(again.out)[-1]["state"]) == (0, "exists")


def test_a_table_on_a_pipe_is_the_path_alone(shell: Shell, files: FileServer) -> None:
    """A tenth at a time on stderr, for people who read a log."""
    ended = shell.run("download", files.url, "--sha256", files.sha256, "-o", "table", "--name", "mine.gguf")
    assert (ended.code, ended.out) == (0, "mine.gguf\n")
    assert "fetching mine.gguf: 0 % (0 B of 16.8 MB)" in ended.err


def test_memory_does_not_grow_with_the_file(shell: Shell) -> None:
    """Below 64 MiB for the whole process, of which its imports are 50."""
    with in_a_thread(12 * PART) as server:
        words = [*PROGRAM, "download", server.url, "--sha256", server.sha256]
        with subprocess.Popen(
            words, cwd=shell.folder, env=shell.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            peak = peak_of(process)
    assert process.returncode == 0
    assert peak < 64 * 1024 * 1024


def test_what_nobody_can_verify_is_refused_unless_it_is_said(shell: Shell, files: FileServer) -> None:
    """--no-verify takes it, and the result says so."""
    refused = shell.run("download", files.url)
    assert refused.code == 2
    assert "nobody knows the file's SHA-256" in refused.err
    assert "--no-verify" in refused.err
    assert events(refused.out)[-1]["code"] == "download_hash_missing"
    taken = shell.run("download", files.url, "--no-verify")
    assert (taken.code, events(taken.out)[-1]["verified"]) == (0, False)
    assert f"sha256 {files.sha256}" in taken.err


def test_ctrl_c_pauses_and_the_same_command_goes_on(shell: Shell, files: FileServer) -> None:
    """It says how far it is and which command goes on; nothing is fetched twice."""
    files.answer = lambda asked, honest: replace(honest, stall=100_000) if asked.start == PART else honest
    words = ("download", files.url, "--sha256", files.sha256)
    paused = shell.run_on_terminal(*words, typed="\x03", when="8.4/16.8")
    assert paused.code == 130
    assert "Paused at" in paused.out
    assert "Go on with: modelport " + shlex.join(words) in paused.out.replace("\n", " ")
    assert {one.name for one in shell.folder.iterdir()} == {".f.gguf.part", ".f.gguf.part.json"}
    before, files.answer = files.sent, lambda _, honest: honest
    done = shell.run(*words)
    assert done.code == 0
    assert (shell.folder / "f.gguf").read_bytes() == files.content
    assert files.sent - before <= SIZE - PART


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nonsense://x/f", "--sha256", "0" * 64], 2, "is no address of a file"),
        (["http://h.example.com/", "--sha256", "0" * 64], 2, "does not end in the name of a file"),
        (["http://h.example.com/f", "--sha256", "beef"], 2, "no SHA-256"),
        (["http://u:p@h.example.com/f", "--sha256", "0" * 64], 2, "holds a user or password"),
        (["http://h.example.com/f", "--name", "../f", "--sha256", "0" * 64], 2, "no name of a file"),
        (["http://169.254.169.254/f", "--sha256", "0" * 64], 4, "is not asked"),
        (["http://h.example.com/f", "--quant", "Q4", "--sha256", "0" * 64], 2, "--quant"),
        (["acme/coder", "--sha256", "0" * 64], 2, "the catalogue knows"),
        (["http://h.example.com/f", "--sha256", "0" * 64, "--credential", "env:NOT_SET"], 2, "NOT_SET"),
    ],
)
def test_what_cannot_begin_says_why(shell: Shell, words: list[str], code: int, said: str) -> None:
    """One sentence, a hint, and the exit code of the table."""
    ended = shell.run("download", *words)
    assert ended.code == code, ended.err
    assert said in ended.err
    assert "Hint: " in ended.err
    assert not list(shell.folder.iterdir())


def test_a_token_goes_to_its_host_and_is_never_shown(shell: Shell, files: FileServer) -> None:
    """Read from a reference, as every secret."""
    files.answer = lambda asked, honest: honest if "authorization" in asked.headers else Reply(401)
    asking = shell.having(HF_TOKEN="hf_canary")
    refused = asking.run("download", files.url, "--sha256", files.sha256)
    assert (refused.code, "answers 401" in refused.err) == (11, True)
    done = asking.run("download", files.url, "--sha256", files.sha256, "--credential", "env:HF_TOKEN")
    assert done.code == 0
    assert files.asked[-1].headers["authorization"] == "Bearer hf_canary"
    assert "hf_canary" not in refused.err + done.out + done.err


def test_an_entry_of_the_catalogue_names_its_files(shell: Shell, files: FileServer) -> None:
    """Size and SHA-256 come from the catalogue; of several files one is named."""
    file = {"role": "weights", "url": files.url, "size": SIZE, "sha256": files.sha256, "quant": "Q4_K_M"}
    entry = {"id": "acme/coder", "artifacts": [file, {**file, "quant": "Q8_0", "size": 1}, {"role": "readme"}]}

    def answer(asked: Asked, honest: Reply) -> Reply:
        if asked.path == "/api/v1/catalogue/models/acme%2Fcoder":
            return Reply(200, json.dumps(entry).encode(), {"Content-Type": "application/json"})
        return honest

    files.answer = answer
    served = shell.having(MODELPORT_URL=files.origin)
    several = served.run("download", "acme/coder")
    assert (several.code, "Q4_K_M, Q8_0" in several.err) == (2, True)
    assert served.run("download", "acme/coder", "--quant", "Q5").code == 3
    done = served.run("download", "acme/coder", "--quant", "q4_k_m")
    assert done.code == 0, done.err
    assert (shell.folder / "f.gguf").read_bytes() == files.content
