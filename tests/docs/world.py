"""Where a page's blocks run: a folder, a shell that remembers what was exported, and servers in the background.

The ports of the text are replaced by free ones, model servers by one scripted upstream, `mp_live_…` by the key that the
first server printed; `modelport serve …` goes on in the background, ready before the next line runs.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.app.installation import free_port
from tests.warm.client import folder_of_the_program

_SERVERS = ("3000", "3001", "3002")
_UPSTREAMS = ("8000", "8001", "8002", "11434")
_SERVE = re.compile(r"^(?:\w+=\S+ )*modelport serve\b.*$", re.MULTILINE)
_KEY = re.compile(r"mp_live_\S{61,}")
_ADDRESS = re.compile(r"https?://\S+/(?=\s)")
_LIMIT_S = 60.0


@dataclass(slots=True)
class World:
    """One page's world. `replaced` maps words of the text to words of this machine."""

    folder: Path
    replaced: dict[str, str]
    key: str = ""
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def here(self, text: str) -> str:
        """Return the text with what is only true elsewhere replaced."""
        for theirs, ours in self.replaced.items():
            text = text.replace(theirs, ours)
        return text.replace("mp_live_…", self.key)

    def run(self, text: str) -> str:
        """Run the lines of a block, every one of which must succeed; gives what they printed on stdout."""
        said, rest = "", self.here(text)
        while found := _SERVE.search(rest):
            said += self._shell(rest[: found.start()])
            self.serve(found[0])
            rest = rest[found.end() :]
        return said + self._shell(rest)

    def run_python(self, text: str) -> str:
        """Run a program of its own."""
        return self._bash(f'. ./exported; exec "{sys.executable}" -W error -', typed=self.here(text))

    def serve(self, line: str) -> None:
        """Start a server and wait until it has said where it is."""
        log = self.folder / f"server-{len(self.running)}"
        with log.open("wb") as written:
            process = subprocess.Popen(
                ["bash", "-c", f"set -a; . ./exported; {self.here(line)}"],
                cwd=self.folder,
                env=self._environment(),
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        deadline = time.monotonic() + _LIMIT_S
        while not _is_whole(said := log.read_text()):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)  # a process's output cannot be awaited otherwise from a synchronous test
        if found := _KEY.search(said):
            self.key = self.key or found[0]

    def stop(self) -> None:
        """End every server, and the shells that they were started from."""
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running:
            process.wait(30)

    def _shell(self, text: str) -> str:
        return self._bash(f"set -a; . ./exported\n{text}\nexport -p > exported")

    def _bash(self, script: str, *, typed: str = "") -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            input=typed,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
        assert done.returncode == 0, f"{script}\n{typed}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{folder_of_the_program()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "OPENAI_API_KEY": "sk-of-the-server",
            "MODELPORT_SERVER__PORT": self.replaced["3000"],
            "MODELPORT_URL": f"http://localhost:{self.replaced['3000']}",
        }


def _is_whole(said: str) -> bool:
    """Whether the greeting is there; it is written in one go, with a line of its own at the end."""
    return bool(_ADDRESS.search(said)) and said.endswith("\n") and len(said.splitlines()) > 1


@contextmanager
def world(folder: Path, upstream_port: int, **more: str) -> Iterator[World]:
    """Give a world without a server; what runs in it is ended."""
    ports = {port: str(free_port()) for port in _SERVERS} | dict.fromkeys(_UPSTREAMS, str(upstream_port))
    (folder / "exported").touch()
    far = {"https://api.openai.com/v1": f"http://localhost:{upstream_port}/v1"}  # a model is looked at when it is added
    made = World(folder, {**far, **ports, **more})
    try:
        yield made
    finally:
        made.stop()
