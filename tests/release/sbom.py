"""`python -m tests.release.sbom FILE`: the bill of materials of what `pip install modelport` brings, in CycloneDX.

It is read off an environment that holds the wheel and the locked packages and nothing else, because a lock knows
neither licences nor who needs whom.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gateway import __version__
from tests import environments

BIN = Path(sys.executable).parent


def bill(wheel: Path) -> dict[str, Any]:
    """Return the bill of the wheel with the versions of requirements.lock."""
    with tempfile.TemporaryDirectory() as name:
        python = Path(name) / "bin" / "python"
        environments.run(sys.executable, "-m", "venv", "--without-pip", name)
        install = (str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(python))
        lock = str(environments.ROOT / "requirements.lock")
        environments.run(*install, "--require-hashes", "--only-binary", ":all:", "-r", lock)
        environments.run(*install, "--no-deps", str(wheel))
        written = subprocess.run(
            [BIN / "cyclonedx-py", "environment", "--output-reproducible", "--of", "JSON", python],
            check=True,
            capture_output=True,
            text=True,
        )
    return _about_us(json.loads(written.stdout))


def _about_us(made: dict[str, Any]) -> dict[str, Any]:
    """Make our own package the one that the bill is about, instead of one component among others."""
    (own,) = [one for one in made["components"] if one["name"] == "modelport"]
    made["components"].remove(own)
    own.pop("externalReferences", None)  # where the wheel lay on the machine that made this
    own |= {"type": "application", "version": __version__}
    made["metadata"]["component"] = own
    return made


def main() -> None:
    """Write the bill of the wheel in the folder of FILE."""
    file = Path(sys.argv[1])
    (wheel,) = file.parent.glob("modelport-*.whl")
    file.write_text(json.dumps(bill(wheel), indent=1) + "\n")


if __name__ == "__main__":
    main()
