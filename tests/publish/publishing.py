"""A small model to publish, and the two things that are compared all the time: the check and the push."""

import contextlib
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.publish.credentials import Credential
from gateway.publish.messages import PublishError
from gateway.publish.preflight import Level, Report
from gateway.publish.reference import parse
from gateway.publish.service import Access, Published, Publisher, Wish
from gateway.upstream.policy import EgressPolicy
from tests.programs import require

FILES = {
    "README.md": b"# A model\n",
    "config.json": b'{"architectures": ["Qwen3ForCausalLM"], "torch_dtype": "bfloat16"}',
    "model.safetensors": bytes(range(256)) * 400,
    "tokenizer/tokenizer.json": b"{}",
    "empty.txt": b"",
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A directory to publish, and where what is kept goes."""

    directory: Path
    home: Path

    @classmethod
    def made(cls, folder: Path) -> "Bench":
        """Write the files."""
        for name, content in FILES.items():
            path = folder / "model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return cls(folder / "model", folder / "cache")

    def publisher(self, place: str, credential: Credential | None = None, **wish: Any) -> Publisher:
        """Return a publisher to `place/team/model:v1`."""
        access = Access(policy=EgressPolicy(), plain_http=True, credential=credential)
        reference = parse(place if "/" in place else f"{place}/team/model:v1")
        return Publisher(Wish(directory=self.directory, reference=reference, **wish), access, home=self.home)

    async def check(
        self, place: str, credential: Credential | None = None, *, level: Level = Level.SESSION, **wish: Any
    ) -> Report:
        """Return what a check alone says."""
        done = await self.publisher(place, credential, check_only=True, level=level, **wish).run()
        assert done.report is not None
        return done.report

    async def push(self, place: str, credential: Credential | None = None, **wish: Any) -> Published | PublishError:
        """Return how a push without any check ends."""
        try:
            return await self.publisher(place, credential, skip_preflight=True, **wish).run()
        except PublishError as error:
            return error


def verdicts(report: Report) -> dict[str, str]:
    """Return the stages' verdicts."""
    return {stage.stage: stage.verdict for stage in report.stages}


def skopeo(*arguments: str) -> str:
    """Run skopeo and return what it wrote."""
    command = [str(require("skopeo")), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def peak_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process and return the most memory that it held, in bytes.

    Not from its rusage: that begins with what the process had that started it.
    """
    peak = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            peak = int(found[1]) * 1024 if found else peak
        time.sleep(0.01)
    return peak
